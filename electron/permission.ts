import type { Session } from 'electron';
import { APP_ORIGIN } from '../shared/wire/page.ts';

const granted: ReadonlySet<string> = new Set(['notifications', 'clipboard-sanitized-write']);

/** Whether the page has a permission: two harmless ones, for our own origin alone. Camera and microphone come with the feature that needs them. */
export function isPermitted(permission: string, origin: string): boolean {
  return granted.has(permission) && (origin === APP_ORIGIN || origin === `${APP_ORIGIN}/`);
}

/** Sets all three handlers: most of the web's interfaces check first and ask only when the check says no. */
export function lockPermissions(session: Session): void {
  session.setPermissionCheckHandler((_, permission, origin) => isPermitted(permission, origin));
  session.setPermissionRequestHandler((contents, permission, callback) =>
    callback(isPermitted(permission, new URL(contents.getURL()).origin)),
  );
  session.setDevicePermissionHandler(() => false);
}
