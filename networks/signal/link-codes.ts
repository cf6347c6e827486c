import { setTimeout as after } from 'node:timers/promises';
import { PrivateKey, type Net } from '@signalapp/libsignal-client';
import { createProvisioningKeys, type ProvisioningKeys } from '../../crypto/signal/provisioning.ts';
import { publicKeyOf } from '../../crypto/signal/public-key.ts';
import type { Millis } from '../../shared/ids.ts';
import type { FlowAnswer, FlowFailure, FlowStep } from '../../shared/lane/flow.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import {
  decodeProvisionEnvelope,
  decodeProvisionMessage,
  type IdentityPair,
  type ProvisionMessage,
} from './codec/provisioning.ts';
import { disconnectedBy } from './service/trouble.ts';

/** A code is good for a minute at the server; the next is shown before that (Signal Desktop's figures). */
export const CODE_MS: Millis = 45_000;
/** Codes shown before the person must ask for more. */
export const MAX_CODES = 6;
/** Connections that phones can send to, at once. */
const MAX_OPEN = 2;
/** Longest wait for a connection, and for the address a phone can send to. */
const OPEN_MS: Millis = 20_000;
/** The server's address of a connection; a uuid today, and no code holds much more. */
const MAX_ADDRESS = 200;

/** What the phone sent for one code. */
export type Scan = { readonly keys: ProvisioningKeys; readonly envelope: Uint8Array };

type Shown = {
  readonly url: string;
  readonly scan: Promise<Scan>;
  readonly ended: Promise<void>;
  close(): void;
};

/** How showing codes ends. */
export type CodesEnd = { readonly scan: Scan } | { readonly failure: FlowFailure };

export type CodeSource = Pick<Net.Net, 'connectProvisioning'>;

/**
 * Shows codes until one is scanned: a new one every 45 s, the one before staying open so that a phone that has just read it still
 * gets through. `codeMs`: for tests.
 */
export async function* showCodes(
  net: CodeSource,
  context: Pick<LaneContext, 'now'>,
  signal: AbortSignal,
  codeMs: Millis = CODE_MS,
): AsyncGenerator<FlowStep, CodesEnd, FlowAnswer | undefined> {
  const open: Shown[] = [];
  const scanned = Promise.withResolvers<Scan>();
  try {
    for (let shown = 0; shown < MAX_CODES; shown += 1) {
      if (open.length === MAX_OPEN) open.shift()?.close();
      const code = await openCode(net, signal);
      if ('failure' in code) return code;
      void code.scan.then(scanned.resolve);
      open.push(code);
      yield { kind: 'show-code', text: code.url, expiresAt: context.now() + codeMs };
      const scan = await scanWithin(scanned.promise, code.ended, signal, codeMs);
      if (scan !== null) return { scan };
      if (signal.aborted) return { failure: 'cancelled' };
    }
    return { failure: 'code-expired' };
  } finally {
    for (const { close } of open) close();
  }
}

/** What was scanned before the time is over, the code's connection ended, or the person cancelled; else null. */
async function scanWithin(
  scanned: Promise<Scan>,
  ended: Promise<void>,
  signal: AbortSignal,
  codeMs: Millis,
): Promise<Scan | null> {
  const over = new AbortController();
  const time = after(codeMs, null, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => null);
  const scan = await Promise.race([scanned, time, ended.then(() => null)]);
  over.abort();
  // What was scanned in the very moment its connection ended comes first.
  return scan ?? Promise.race([scanned, Promise.resolve(null)]);
}

/** Opens a connection that a phone can send to, and makes the code that names it. No link-and-sync: no capabilities are claimed. */
async function openCode(
  net: CodeSource,
  signal: AbortSignal,
): Promise<Shown | { readonly failure: FlowFailure }> {
  const keys = createProvisioningKeys();
  const address = Promise.withResolvers<string>();
  const scan = Promise.withResolvers<Scan>();
  const ended = Promise.withResolvers<void>();
  // Nobody may be waiting yet when it fails.
  address.promise.catch(() => undefined);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(OPEN_MS)]);
  const give = (): void => address.reject(new Error('no address was given'));
  limit.addEventListener('abort', give, { once: true });
  let connection: Awaited<ReturnType<CodeSource['connectProvisioning']>> | null = null;
  try {
    connection = await net.connectProvisioning(
      {
        onReceivedAddress(given, ack) {
          ack.send(200);
          address.resolve(given);
        },
        onReceivedEnvelope(envelope, ack) {
          scan.resolve({ keys, envelope: Uint8Array.from(envelope) });
          // The server closes the connection once it hears that.
          ack.send(200);
        },
        onConnectionInterrupted(cause) {
          address.reject(cause ?? new Error('the connection ended'));
          ended.resolve();
        },
      },
      { abortSignal: limit },
    );
    const given = await address.promise;
    if (given === '' || given.length > MAX_ADDRESS) throw new Error('an address of another form');
    const made = connection;
    return {
      url: linkUrl(given, keys.publicKey),
      scan: scan.promise,
      ended: ended.promise,
      close: () => void made.disconnect().catch(() => undefined),
    };
  } catch (error) {
    void connection?.disconnect().catch(() => undefined);
    if (signal.aborted) return { failure: 'cancelled' };
    return { failure: disconnectedBy(error).kind === 'expired' ? 'app-expired' : 'server-unreachable' };
  } finally {
    limit.removeEventListener('abort', give);
  }
}

/** What the phone's camera reads. */
const linkUrl = (address: string, publicKey: Uint8Array): string =>
  `sgnl://linkdevice?uuid=${encodeURIComponent(address)}` +
  `&pub_key=${encodeURIComponent(Buffer.from(publicKey).toString('base64'))}&capabilities=`;

/** Opens what the phone sent; null for what was not sealed for the code, or says nothing that can be used. */
export function readScan({ keys, envelope }: Scan): ProvisionMessage | null {
  try {
    const opened = keys.open(decodeProvisionEnvelope(envelope));
    if (opened === null) return null;
    const message = decodeProvisionMessage(opened);
    const { aciIdentity, pni, pniIdentity } = message;
    if (!isPair(aciIdentity)) return null;
    // An account with a number has an identity for it too.
    return pni === null || (pniIdentity !== null && isPair(pniIdentity)) ? message : null;
  } catch {
    return null;
  }
}

function isPair({ publicKey, privateKey }: IdentityPair): boolean {
  const own = PrivateKey.deserialize(Uint8Array.from(privateKey)).getPublicKey();
  return publicKeyOf(publicKey)?.equals(own) ?? false;
}
