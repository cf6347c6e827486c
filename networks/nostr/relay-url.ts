import { BlockList, isIP } from 'node:net';
import type { Brand } from '../../shared/ids.ts';

/** A relay's address exactly as it was written; relays are compared byte by byte (Marmot, transports/nostr.md). */
export type RelayUrl = Brand<string, 'RelayUrl'>;

const MAX_URL_BYTES = 512;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addSubnet('::ffff:127.0.0.0', 104, 'ipv6');
loopback.addAddress('0.0.0.0', 'ipv4');
loopback.addAddress('::1', 'ipv6');
loopback.addAddress('::', 'ipv6');

/** Addresses of networks that only exist behind somebody's door (RFC 1918, RFC 4193, RFC 3927, RFC 6598). */
const inner = new BlockList();
inner.addSubnet('10.0.0.0', 8, 'ipv4');
inner.addSubnet('172.16.0.0', 12, 'ipv4');
inner.addSubnet('192.168.0.0', 16, 'ipv4');
inner.addSubnet('169.254.0.0', 16, 'ipv4');
inner.addSubnet('100.64.0.0', 10, 'ipv4');
inner.addSubnet('fc00::', 7, 'ipv6');
inner.addSubnet('fe80::', 10, 'ipv6');

/** A valid relay address, as others write it in lists and groups; null for anything the profile forbids. */
export function readRelayUrl(text: unknown): RelayUrl | null {
  if (typeof text !== 'string' || !text.isWellFormed()) return null;
  if (Buffer.byteLength(text, 'utf8') > MAX_URL_BYTES || /[\s\p{Cc}]/u.test(text)) return null;
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'wss:' && url.protocol !== 'ws:')) return null;
  if (url.hostname === '' || url.username !== '' || url.password !== '' || text.includes('#')) return null;
  return text as RelayUrl;
}

/** A relay as a person types it: `relay.example` becomes `wss://relay.example`. Null when it is none. */
export function typedRelayUrl(typed: string): RelayUrl | null {
  const text = typed.trim();
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `wss://${text}`);
  if (url === null || url.username !== '' || url.password !== '') return null;
  // One spelling for what people write in many: lower-case host, no default port, no slash alone.
  const path = url.pathname === '/' ? '' : url.pathname;
  return readRelayUrl(`${url.protocol}//${url.host}${path}${url.search}${url.hash}`);
}

/** The host name or address. */
export function relayHost(relay: RelayUrl): string {
  return new URL(relay).hostname;
}

function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  const version = isIP(name);
  return version !== 0 && loopback.check(name, version === 4 ? 'ipv4' : 'ipv6');
}

function isInner(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '');
  const version = isIP(name);
  return version !== 0 && inner.check(name, version === 4 ? 'ipv4' : 'ipv6');
}

/** Why this program does not connect to a relay, although its address is valid. */
export type RelayBar =
  /** Without TLS, outside a test profile. */
  | 'no-tls'
  /** This machine, outside a test profile; or any other machine inside one. */
  | 'environment'
  /** A machine behind the door of my own network: nobody else's list may send me there. */
  | 'inner-network';

/** What stands against connecting to a relay in this environment; null when nothing does. Group state is never rewritten for it. */
export function relayBar(relay: RelayUrl, environment: 'live' | 'test'): RelayBar | null {
  const url = new URL(relay);
  if (environment === 'test') return isLoopback(url.hostname) ? null : 'environment';
  if (url.protocol !== 'wss:') return 'no-tls';
  if (isLoopback(url.hostname)) return 'environment';
  return isInner(url.hostname) ? 'inner-network' : null;
}
