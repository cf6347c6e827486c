import type { Net } from '@signalapp/libsignal-client';
import { createProvisioningKeys, type ProvisioningKeys } from '../../crypto/signal/provisioning.ts';
import type { Millis } from '../../shared/ids.ts';
import type { FlowAnswer, FlowFailure, FlowStep } from '../../shared/lane/flow.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import {
  decodeProvisionEnvelope,
  decodeProvisionMessage,
  type ProvisionMessage,
} from './codec/provisioning.ts';
import { disconnectedBy } from './service/trouble.ts';

/** A code is good for a minute at the server; the next is shown before that (Signal Desktop's figures). */
export const CODE_MS: Millis = 45_000;
/** Codes shown before the person must ask for more. */
const MAX_CODES = 6;
const CONNECT_MS = 20_000;

/** What the phone sent for one code. */
export type Scan = { readonly keys: ProvisioningKeys; readonly envelope: Uint8Array };

type Shown = {
  readonly url: string;
  readonly scan: Promise<Scan>;
  readonly ended: Promise<unknown>;
  close(): void;
};

/**
 * Shows codes until one is scanned: a new one every 45 s, the one before staying open so that a phone that has just read it still
 * gets through. At most two are open.
 */
export async function* showCodes(
  net: Net.Net,
  context: LaneContext,
  signal: AbortSignal,
): AsyncGenerator<
  FlowStep,
  { readonly scan: Scan } | { readonly failure: FlowFailure },
  FlowAnswer | undefined
> {
  const open: Shown[] = [];
  const scanned = Promise.withResolvers<Scan>();
  const aborted = Promise.withResolvers<'aborted'>();
  const abort = (): void => aborted.resolve('aborted');
  signal.addEventListener('abort', abort, { once: true });
  try {
    for (let shown = 0; shown < MAX_CODES; shown += 1) {
      let code: Shown;
      try {
        code = await openCode(net);
      } catch (error) {
        const { kind } = disconnectedBy(error);
        return { failure: kind === 'expired' ? 'app-expired' : 'server-unreachable' };
      }
      void code.scan.then(scanned.resolve);
      open.push(code);
      if (open.length > 2) open.shift()?.close();
      yield { kind: 'show-code', text: code.url, expiresAt: context.now() + CODE_MS };
      const late = Promise.withResolvers<'late'>();
      const timer = setTimeout(() => late.resolve('late'), CODE_MS);
      // A connection that ends takes its code along: the next is shown at once.
      const first = await Promise.race([
        scanned.promise,
        aborted.promise,
        late.promise,
        code.ended.then(() => 'late' as const),
      ]);
      clearTimeout(timer);
      if (first === 'aborted') return { failure: 'cancelled' };
      if (first !== 'late') return { scan: first };
      // What was scanned in the very moment the connection ended comes first.
      const after = await Promise.race([scanned.promise, Promise.resolve('none' as const)]);
      if (after !== 'none') return { scan: after };
    }
    return { failure: 'code-expired' };
  } finally {
    signal.removeEventListener('abort', abort);
    for (const { close } of open) close();
  }
}

/** Opens a connection that a phone can send to, and makes the code that names it. No link-and-sync: no capabilities are claimed. */
async function openCode(net: Net.Net): Promise<Shown> {
  const keys = createProvisioningKeys();
  const address = Promise.withResolvers<string>();
  const scan = Promise.withResolvers<Scan>();
  const ended = Promise.withResolvers<unknown>();
  const connection = await net.connectProvisioning(
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
        ended.resolve(cause);
      },
    },
    { abortSignal: AbortSignal.timeout(CONNECT_MS) },
  );
  const given = await address.promise;
  const publicKey = Buffer.from(keys.publicKey).toString('base64');
  return {
    url: `sgnl://linkdevice?uuid=${encodeURIComponent(given)}&pub_key=${encodeURIComponent(publicKey)}&capabilities=`,
    scan: scan.promise,
    ended: ended.promise,
    close: () => void connection.disconnect().catch(() => undefined),
  };
}

/** Opens what the phone sent; null for what was not sealed for the code, or says nothing that can be used. */
export function readScan({ keys, envelope }: Scan): ProvisionMessage | null {
  try {
    const message = keys.open(decodeProvisionEnvelope(envelope));
    return message && decodeProvisionMessage(message);
  } catch {
    return null;
  }
}
