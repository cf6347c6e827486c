import { createHash } from 'node:crypto';
import type { Device, ServiceId } from '../../../crypto/signal/address.ts';
import type {
  ContentHint,
  Opened,
  Refusal,
  RetryRequest,
  SignalEngine,
  SignalEnvelope,
  Unsealed,
} from '../../../crypto/signal/engine.ts';
import type { SecurityFacts } from '../../../shared/label/facts.ts';
import type { StateKey, Work } from '../../../shared/lane/state.ts';
import { decodeFrame, encodeFrame } from '../../../shared/wire/codec.ts';

/**
 * For tests of what lies around the engine: one that seals nothing. It keeps what the real one keeps (who was seen under which
 * identity, what was opened) in cells of the unit of work, and does with an envelope what the envelope says.
 */
export interface Scripted {
  readonly content: Uint8Array;
  readonly identity: string;
  /** Of a sealed envelope. */
  readonly from?: Device;
  readonly type?: Unsealed['type'];
  readonly hint?: ContentHint;
  readonly group?: Uint8Array | null;
  readonly refuse?: { readonly why: Refusal; readonly retry: Uint8Array | null };
  readonly unseal?: Refusal;
  readonly fault?: boolean;
}

export const script = (scripted: Scripted): Uint8Array => encodeFrame(scripted);
const read = (bytes: Uint8Array): Scripted => decodeFrame(bytes) as Scripted;

export const retryBytes = (request: RetryRequest): Uint8Array => encodeFrame(request);

export function clearFacts(asOf: number): SecurityFacts {
  const fact = <T>(is: T) => ({ is, asOf, by: 'session' }) as const;
  return {
    endToEnd: fact(true),
    otherKeyHolders: fact([]),
    forwardSecrecy: fact({ withinMs: 1_000 } as const),
    recovery: fact({ withinMs: 1_000 } as const),
    postQuantum: fact('ongoing'),
    authenticated: fact(true),
    exposed: fact([]),
    engine: fact({ name: 'clear', version: '0', review: 'unaudited' } as const),
  };
}

const cell = (space: string, key: string): StateKey => ({ space, key });
const text = (bytes: Uint8Array | null): string =>
  bytes === null ? '' : Buffer.from(bytes).toString('utf8');

export function createClearEngine(own: {
  readonly service: ServiceId;
  readonly pni: ServiceId;
}): SignalEngine {
  const session = ({ service, device }: Device): StateKey => cell('session', `${service}.${device}`);
  const identity = (service: ServiceId): StateKey => cell('identity', service);

  async function open(unsealed: Unsealed, work: Work, now: number): ReturnType<SignalEngine['open']> {
    const { content, identity: key, refuse, fault } = read(unsealed.content);
    const seen = text(await work.get(session(unsealed.from)));
    const digest = createHash('sha256').update(unsealed.content).digest('hex');
    if (seen.includes(digest)) return { kind: 'duplicate' };
    const was = text(await work.get(identity(unsealed.from.service)));
    work.put(session(unsealed.from), Buffer.from(`${seen} ${digest}`));
    work.put(identity(unsealed.from.service), Buffer.from(key));
    if (fault === true) throw new TypeError('a fault of the engine');
    if (refuse !== undefined) return { kind: 'refused', ...refuse };
    const opened: Opened = {
      kind: 'opened',
      plaintext: content,
      from: unsealed.from,
      local: unsealed.local,
      identity: key,
      identityWas: was === '' || was === key ? null : was,
      newSession: seen === '',
      facts: clearFacts(now),
      details: [{ name: 'sealed-sender', value: unsealed.sealed ? 'yes' : 'no' }],
    };
    return opened;
  }

  const unused = (): never => {
    throw new Error('not needed');
  };
  return {
    async unseal(envelope: SignalEnvelope): ReturnType<SignalEngine['unseal']> {
      const { from, type, hint, group, unseal, identity: key } = read(envelope.content);
      if (unseal !== undefined) return { kind: 'refused', why: unseal };
      const isSealed = envelope.type === 'sealed';
      const sender = isSealed ? from : envelope.source;
      if (sender == null) return { kind: 'refused', why: 'malformed' };
      return {
        from: sender,
        local: envelope.destination === own.pni ? 'PNI' : 'ACI',
        type: type ?? (envelope.type === 'sealed' ? 'double-ratchet' : envelope.type),
        content: envelope.content,
        sentAt: envelope.sentAt,
        sealed: isSealed,
        senderKey: isSealed ? key : null,
        hint: hint ?? 'default',
        group: group ?? null,
      };
    },
    open,
    retryRequest: (bytes) => {
      try {
        return decodeFrame(bytes) as RetryRequest;
      } catch {
        return null;
      }
    },
    identityOf: async (service, view) => {
      const known = await view.get(identity(service));
      return known === null ? null : text('value' in known ? known.value : known);
    },
    forecast: async (service, work, now) =>
      (await work.scan('session', `${service}.`)).map(() => clearFacts(now)),
    canSeal: unused,
    devices: unused,
    startSession: unused,
    seal: unused,
    wrap: unused,
    archive: unused,
    forget: unused,
    isCurrentRatchet: unused,
    safetyNumber: unused,
    upkeep: unused,
    repeatedKeysDigest: unused,
    isMadeElsewhere: unused,
  };
}
