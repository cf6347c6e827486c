/** The two services of the mail server. */
export type Protocol = 'imap' | 'smtp';

/** Which way bytes go, seen from the network: commands go to the server, answers to the client. */
export type Direction = 'to-server' | 'to-client';

/** One accepted TLS connection; `address` is the account once somebody logged in on it. */
export interface Connection {
  readonly id: number;
  readonly protocol: Protocol;
  readonly openedAt: number;
  address: string | null;
}
