import type { Session } from 'electron';
import { APP_ORIGIN } from '../shared/wire/page.ts';

const granted: ReadonlySet<string> = new Set(['notifications', 'clipboard-sanitized-write']);

/** `address`: an origin, or an address below it; Node's URL knows no origin of a scheme like ours. */
const isPage = (address: string): boolean => address === APP_ORIGIN || address.startsWith(`${APP_ORIGIN}/`);

/** Whether a page has a permission: two harmless ones, for our own page alone. */
export function isPermitted(permission: string, address: string): boolean {
  return granted.has(permission) && isPage(address);
}

/** Whether our page asks for the camera and nothing beside it. The person is asked each time; no yes holds for the next. */
export function isCamera(permission: string, address: string, media: readonly string[]): boolean {
  return permission === 'media' && isPage(address) && media.length === 1 && media[0] === 'video';
}

/**
 * Sets all three handlers: most of the web's interfaces check first and ask only when the check says no. `askCamera`: the person; absent
 * where there is nothing to scan.
 */
export function lockPermissions(session: Session, askCamera: () => Promise<boolean> = refuse): void {
  session.setPermissionCheckHandler((_, permission, origin) => isPermitted(permission, origin));
  session.setPermissionRequestHandler((contents, permission, callback, details) => {
    const address = contents.getURL();
    const media = 'mediaTypes' in details ? (details.mediaTypes ?? []) : [];
    if (isCamera(permission, address, media)) askCamera().then(callback, () => callback(false));
    else callback(isPermitted(permission, address));
  });
  session.setDevicePermissionHandler(() => false);
}

const refuse = (): Promise<boolean> => Promise.resolve(false);
