import type { Session } from 'electron';
import { APP_ORIGIN } from '../shared/wire/page.ts';

const granted: ReadonlySet<string> = new Set(['notifications', 'clipboard-sanitized-write']);

/**
 * Whether a page has a permission: two harmless ones, for our own page alone. Camera and microphone come with the feature that
 * needs them. `address`: an origin, or an address below it; Node's URL knows no origin of a scheme like ours.
 */
export function isPermitted(permission: string, address: string): boolean {
  return granted.has(permission) && (address === APP_ORIGIN || address.startsWith(`${APP_ORIGIN}/`));
}

/** Sets all three handlers: most of the web's interfaces check first and ask only when the check says no. */
export function lockPermissions(session: Session): void {
  session.setPermissionCheckHandler((_, permission, origin) => isPermitted(permission, origin));
  session.setPermissionRequestHandler((contents, permission, callback) =>
    callback(isPermitted(permission, contents.getURL())),
  );
  session.setDevicePermissionHandler(() => false);
}
