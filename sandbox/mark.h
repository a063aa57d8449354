/*
 * mark: a link in /dev that says where one is: whoever finds /dev/.sandbox knows that it is in a
 * sandbox of ours. Nobody but root can make one on the host; inside, one that is forged says what
 * is so anyway.
 */
#ifndef MARK_H
#define MARK_H

#define MARK_NAME ".sandbox"
#define MARK_TEXT "inside"

#endif
