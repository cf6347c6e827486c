#!/bin/sh
# What the Debian package does when it is removed.
set -e
if [ "$1" = remove ] || [ "$1" = purge ]; then
  rm -f /usr/bin/plainseal
  if [ -f /etc/apparmor.d/plainseal ]; then
    if aa-enabled --quiet 2>/dev/null; then
      # Loaded or not, the profile goes.
      apparmor_parser --remove /etc/apparmor.d/plainseal || true
    fi
    rm -f /etc/apparmor.d/plainseal
  fi
fi
