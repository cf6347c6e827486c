#!/bin/sh
# What the Debian package does when it is installed. Electron-builder's template fills in names in braces; there are none.
set -e
if [ "$1" = configure ]; then
  ln -sf /opt/Plainseal/plainseal /usr/bin/plainseal

  # Chromium's sandbox needs user namespaces. Where the kernel gives none, its helper must run as root.
  if unshare --user true 2>/dev/null; then
    chmod 0755 /opt/Plainseal/chrome-sandbox
  else
    chmod 4755 /opt/Plainseal/chrome-sandbox
  fi

  # Ubuntu gives user namespaces only to programs with a profile (from 24.04); an older AppArmor cannot read ours.
  profile=/opt/Plainseal/resources/apparmor-profile
  if [ -d /etc/apparmor.d ] && apparmor_parser --skip-kernel-load --skip-cache "$profile" >/dev/null 2>&1; then
    cp -f "$profile" /etc/apparmor.d/plainseal
    if aa-enabled --quiet 2>/dev/null; then
      apparmor_parser --replace --write-cache --skip-read-cache /etc/apparmor.d/plainseal
    fi
  fi
fi
