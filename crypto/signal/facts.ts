import manifest from '@signalapp/libsignal-client/package.json' with { type: 'json' };
import type { Millis } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { SecurityFacts } from '../../shared/label/facts.ts';
import type { Proven, Session } from './session-cell.ts';

const engine = { name: 'libsignal', version: manifest.version, review: 'audited' } as const;

/**
 * What the Signal protocol gives one path, a session with one device.
 *
 * - Nobody but the two devices holds keys of a session: identity keys and prekeys are made on the devices, and servers keep their
 *   public halves only.
 * - Forward secrecy is immediate: every message has a key of its own, gone once it is used (Double Ratchet, section 2).
 * - Recovery takes one round trip: a thief of today's keys is out when the other side has answered with a new ratchet key. So the
 *   path is as old as the last such answer, or as the session.
 * - Post-quantum is claimed as far as a message proves it (PQXDH in the handshake, the Triple Ratchet from then on), else `unknown`
 *   is said: the engine makes no session without PQXDH, but says so of none that did not show it.
 * - Both sides are proven by the handshake, which takes in both identity keys.
 * - Nothing is visible outside: reactions, names of groups and files are inside.
 * - Review: PQXDH and the post-quantum ratchet were, the whole of the library not as far as we know; networks/facts.json has what
 *   was looked at and by whom.
 */
export function sessionFacts(
  { proven, turnedAt }: Pick<Session, 'proven' | 'turnedAt'>,
  now: Millis,
): SecurityFacts {
  const from = { asOf: now, by: 'session' } as const;
  return {
    endToEnd: { is: true, ...from },
    otherKeyHolders: { is: [], ...from },
    forwardSecrecy: { is: { withinMs: 0 }, ...from },
    recovery: { is: { withinMs: Math.max(0, now - turnedAt) }, ...from },
    postQuantum: proven === 'nothing' ? 'unknown' : { is: proven, ...from },
    authenticated: { is: true, ...from },
    exposed: { is: [], ...from },
    engine: { is: engine, ...from },
  };
}

/**
 * Of a plaintext content, which asks for a message again and holds nothing else: nothing protects it, and the server can read it and
 * could have written it.
 */
export function plaintextFacts(now: Millis): SecurityFacts {
  const from = { asOf: now, by: 'message' } as const;
  return {
    endToEnd: { is: false, ...from },
    otherKeyHolders: { is: [{ kind: 'provider', name: 'Signal' }], ...from },
    forwardSecrecy: { is: { withinMs: 'never' }, ...from },
    recovery: { is: { withinMs: 'never' }, ...from },
    postQuantum: { is: 'none', ...from },
    authenticated: { is: false, ...from },
    exposed: { is: [], ...from },
    engine: { is: engine, ...from },
  };
}

/** How the sealing is named to those who want to know. */
const suites = {
  ongoing: 'PQXDH, Triple Ratchet',
  handshake: 'PQXDH, Double Ratchet',
  nothing: 'Double Ratchet',
} as const satisfies Record<Proven, string>;

/** Details of one message. `sealed`: whether the server was not told who sends; null before that is known. */
export function detailsOf(of: {
  readonly proven: Proven;
  readonly step: number;
  readonly ownKey: string;
  readonly peerKey: string;
  readonly sealed: boolean | null;
}): Evidence['details'] {
  const { sealed } = of;
  return [
    { name: 'suite', value: suites[of.proven] },
    { name: 'step', value: String(of.step) },
    { name: 'own-key', value: of.ownKey },
    { name: 'peer-key', value: of.peerKey },
    ...(sealed === null ? [] : [{ name: 'sealed-sender' as const, value: sealed ? 'yes' : 'no' }]),
  ];
}
