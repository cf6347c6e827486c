/**
 * The page's content security policy, a response header in both shells. Nothing inline, nothing from elsewhere; `style-src
 * 'self'` still lets React set single properties, which goes through the CSSOM. `blob:` is for decoded attachments.
 */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** A proxy nobody is (the discard port): where a request of the page goes that got past every other lock. */
export const NO_PROXY = 'http://127.0.0.1:9';
/** Chromium's policy under which WebRTC, which knows no content security policy, has no UDP. */
export const WEBRTC_POLICY = 'disable_non_proxied_udp';

/** The policy of the window that asks for a confirmation: one form, no script at all. */
export const confirmPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers every answer of a shell carries beside its policy. */
export const pageHeaders = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  // Not `no-referrer`: under that a form of our own would be posted with the origin `null`.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(self), microphone=(self), geolocation=(), usb=(), serial=(), hid=()',
} as const;

const types: { readonly [extension: string]: string } = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  svg: 'image/svg+xml',
  png: 'image/png',
  woff2: 'font/woff2',
  wasm: 'application/wasm',
};

/** A file of the built page: where it lies below the page's folder, and its media type. */
export type PageFile = { readonly path: string; readonly type: string };

const segment = /^[\w@-][\w.@-]*$/;

/**
 * Which file of the built page a request path means; null for everything a build does not put there. Purely lexical: no
 * escapes, no dot segments, no hidden files, only known types, so that a path cannot leave the folder.
 */
export function pageFile(pathname: string): PageFile | null {
  const path = pathname === '/' ? 'index.html' : pathname.slice(1);
  if (!pathname.startsWith('/') || path.length > 512) return null;
  if (!path.split('/').every((part) => segment.test(part) && !part.includes('..'))) return null;
  const extension = path.slice(path.lastIndexOf('.') + 1);
  const type = Object.hasOwn(types, extension) ? types[extension] : undefined;
  return type === undefined ? null : { path, type };
}

/** Longest address a shell hands to another program. */
const MAX_LINK_LENGTH = 2_048;

/** A link as a shell would open it, and the host (or mail address) the person must have been shown. */
export type OpenableLink = { readonly href: string; readonly host: string };

/** The one rule for links that leave Plainseal: http, https and mailto, no user names, no control characters; null for all others. */
export function openableLink(text: string): OpenableLink | null {
  // The parser silently drops tabs and line ends, which hides what follows them from a reader.
  // oxlint-disable-next-line no-control-regex
  if (text.length > MAX_LINK_LENGTH || /[\u0000-\u0020\u007f]/.test(text)) return null;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol === 'mailto:') return url.pathname ? { href: url.href, host: url.pathname } : null;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  if (url.username || url.password || !url.hostname) return null;
  return { href: url.href, host: url.host };
}
