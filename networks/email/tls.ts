import { BlockList, isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { LaneContext } from '../../shared/lane/lane.ts';
import type { AccountRecord, Server } from './account-record.ts';

/** Why a server could not be used. */
export type ConnectFault =
  | 'unreachable'
  | 'certificate'
  | 'no-tls' // it offers none, or breaks it
  | 'login' // it refuses name or password
  | 'busy' // it says: try later
  | 'protocol'; // it does not speak as it should

/** A failed connection; `message` says nothing about account or server. */
export class ConnectError extends Error {
  readonly fault: ConnectFault;
  constructor(fault: ConnectFault, options?: ErrorOptions) {
    super(`mail server: ${fault}`, options);
    this.name = 'ConnectError';
    this.fault = fault;
  }
}

/** A refused password or certificate is not tried again at once: servers lock accounts, and people have to act first. */
export const PERSON_RETRY_MS = 15 * 60_000;

/** What a person is needed for where a server was not connected to for this; null where it passes by itself. */
export function personFor(fault: ConnectFault): 'password' | 'certificate' | null {
  switch (fault) {
    case 'login':
      return 'password';
    // Neither server has shown who it is.
    case 'certificate':
    case 'no-tls':
      return 'certificate';
    case 'unreachable':
    case 'busy':
    case 'protocol':
      return null;
  }
}

/** Where both services connect to and how. */
export interface Access {
  readonly server: Server;
  readonly address: string;
  readonly password: string;
  readonly ca: string | null;
  readonly proxy: string | null;
}

/** The access to one service of an account. */
export function accessTo(
  service: 'imap' | 'smtp',
  account: AccountRecord,
  context: Pick<LaneContext, 'proxy'>,
): Access {
  return {
    server: account[service],
    address: account.address,
    password: account.password,
    ca: account.ca,
    proxy: context.proxy,
  };
}

/** Connecting, TLS and greeting each take at most this long. */
export const CONNECT_TIMEOUT_MS = 20_000;

/** TLS 1.2 at least, the certificate checked against host name and authorities; nothing in the environment can switch that off. */
export function tlsOptions(access: Access): ConnectionOptions {
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(access.ca === null ? {} : { ca: access.ca }),
    ...(isIP(access.server.host) ? {} : { servername: access.server.host }),
  };
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addSubnet('::ffff:127.0.0.0', 104, 'ipv6');
loopback.addAddress('0.0.0.0', 'ipv4');
loopback.addAddress('::1', 'ipv6');
loopback.addAddress('::', 'ipv6');

/** True for a host that is this machine: such servers belong to tests. */
export function isLoopback(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  const version = isIP(name);
  return version !== 0 && loopback.check(name, version === 4 ? 'ipv4' : 'ipv6');
}

/** The environments a server may be used in: loopback in tests and nowhere else. */
export function fitsEnvironment(host: string, environment: LaneContext['environment']): boolean {
  return isLoopback(host) === (environment === 'test');
}

const certificateCodes =
  /^(?:CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)/;

/**
 * True when an error says that the server's certificate was refused. Nodemailer puts a code of its own in the place of node:tls's, so the words
 * decide there; words of a server (an error with a `response`) never do.
 */
export function isCertificateError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, response } = error as Error & { readonly code?: unknown; readonly response?: unknown };
  if (typeof code === 'string' && certificateCodes.test(code)) return true;
  if (response === undefined && /certificate/i.test(error.message)) return true;
  return isCertificateError(error.cause);
}
