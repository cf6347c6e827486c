import type { Session, WebContents, WebPreferences } from 'electron';
import { NO_PROXY, WEBRTC_POLICY } from '../shared/shell/policy.ts';
import { lockPermissions } from './permission.ts';
import { APP_SCHEME } from './protocol.ts';

/** What every window of ours is: a sandbox without Node, that embeds nothing and looks nothing up. */
export const confinedPreferences = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  spellcheck: false,
} as const satisfies WebPreferences;

/**
 * Gives a window's session its one source, and no network: whatever is not of `origin` is cancelled, no file is downloaded (core
 * writes files, where the person said), no permission is had but two harmless ones, and the camera where `askCamera` asks the person each time.
 */
export function confineSession(
  session: Session,
  source: {
    readonly origin: string;
    readonly serve: (request: Request) => Promise<Response> | Response;
    readonly askCamera?: () => Promise<boolean>;
  },
): void {
  session.protocol.handle(APP_SCHEME, source.serve);
  session.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !isOf(source.origin, url) }));
  // WebRTC asks neither the policy nor the line above. Over TCP it asks for the proxy, also for this machine.
  void session.setProxy({ mode: 'fixed_servers', proxyRules: NO_PROXY, proxyBypassRules: '<-loopback>' });
  session.on('will-download', (event) => event.preventDefault());
  session.setSpellCheckerEnabled(false);
  lockPermissions(session, source.askCamera);
}

/** What a window may load at all: files of its origin, and blobs it made itself. */
export function isOf(origin: string, address: string): boolean {
  return address.startsWith(`${origin}/`) || address.startsWith(`blob:${origin}/`);
}

/**
 * What a window shows stays what it was opened with: no other page, frame, window or webview. `stays`: addresses it may go
 * to all the same. No WebRTC over UDP: no content security policy reaches it, and it would tell anybody anything.
 */
export function lockContents(contents: WebContents, stays: (url: string) => boolean = () => false): void {
  const lock = (event: { readonly url: string; preventDefault(): void }): void => {
    if (!stays(event.url)) event.preventDefault();
  };
  contents.on('will-navigate', lock);
  contents.on('will-frame-navigate', lock);
  contents.on('will-redirect', lock);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.setWebRTCIPHandlingPolicy(WEBRTC_POLICY);
}
