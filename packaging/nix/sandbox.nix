# nix-build -E '(import <nixpkgs> {}).callPackage ./packaging/nix/sandbox.nix {}'
{ lib, stdenv, glibc, jansson, libarchive, libcap, libseccomp, nettle, nftables, systemd }:

stdenv.mkDerivation {
  pname = "sandbox";
  version = "0.1";
  src = ../..;

  buildInputs = [ glibc.static jansson libarchive libcap libseccomp nettle nftables systemd ];

  # The launch is static-pie and hardened by its own Makefile.
  hardeningDisable = [ "all" ];
  makeFlags = [ "PREFIX=${placeholder "out"}" "WERROR=" "LIBC=own" ];
  enableParallelBuilding = true;

  meta = {
    description = "Run a program that is not trusted, without being root";
    license = lib.licenses.mit;
    platforms = [ "x86_64-linux" "aarch64-linux" ];
    mainProgram = "sandbox";
  };
}
