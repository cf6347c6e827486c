import { accessKeyOf } from '../../crypto/signal/access-key.ts';
import type { ServiceId } from '../../crypto/signal/address.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Work } from '../../shared/lane/state.ts';
import { isAci } from './codec/service-id.ts';
import { readProfile } from './profile-record.ts';
import type { SignalService, Trouble } from './service/service.ts';

/** The server's certificates last a day at most; a clock a little off must not make one run out under way. */
const CERTIFICATE_FOR_MS = 60 * 60 * 1_000;
/** An access key that did not fit is not tried again for so long, unless another one becomes known. */
const DENIED_FOR_MS = 24 * 60 * 60 * 1_000;
/** For those who take sealed messages from anybody, any 16 bytes do. */
const ANY_ACCESS_KEY = new Uint8Array(16);

/** What one sealed sending needs: the other side's access key, and my certificate. */
export type Access = {
  readonly kind: 'access';
  readonly accessKey: Uint8Array;
  readonly certificate: Uint8Array;
};

/** Sealed sender: the server does not learn who sends. */
export interface SealedSender {
  /** Whether a service id is written to sealed, as far as is known without asking. */
  possible(service: ServiceId, work: Pick<Work, 'get'>, now: Millis): Promise<boolean>;
  /** Null where it is not offered. Without a certificate nothing is sent: a passing trouble must not show the server who writes. */
  access(
    service: ServiceId,
    work: Pick<Work, 'get'>,
    via: SignalService,
    now: Millis,
  ): Promise<Access | Trouble | null>;
  /** The server did not take the access key. */
  denied(service: ServiceId, accessKey: Uint8Array, now: Millis): void;
}

type CertificateAnswer = Awaited<ReturnType<SignalService['senderCertificate']>>;

export function createSealedSender(own: ServiceId): SealedSender {
  let certificate: { readonly answer: Promise<CertificateAnswer>; readonly askedAt: Millis } | null = null;
  const refused = new Map<ServiceId, { readonly accessKey: string; readonly until: Millis }>();

  async function certificateAt(now: Millis, via: SignalService): Promise<CertificateAnswer> {
    // Asked for in what is the future by now: the clock was put right, and nobody knows how old it is.
    const isCurrent = (askedAt: Millis): boolean => askedAt <= now && now < askedAt + CERTIFICATE_FOR_MS;
    if (certificate === null || !isCurrent(certificate.askedAt))
      certificate = { answer: via.senderCertificate(), askedAt: now };
    const asked = certificate;
    try {
      const answer = await asked.answer;
      if (answer.kind !== 'certificate' && certificate === asked) certificate = null;
      return answer;
    } catch (error) {
      if (certificate === asked) certificate = null;
      throw error;
    }
  }

  /** What makes the access key of a service id, null where there is none; nobody pays for a key that is not used. */
  async function keyOf(service: ServiceId, work: Pick<Work, 'get'>): Promise<(() => Uint8Array) | null> {
    // My own devices know me, and a phone number's identity has no profile.
    if (service === own || !isAci(service)) return null;
    const profile = await readProfile(work, service);
    if (profile === null || profile.sealed === 'never') return null;
    if (profile.sealed === 'anybody') return () => ANY_ACCESS_KEY;
    const { profileKey } = profile;
    return profileKey && (() => accessKeyOf(profileKey));
  }

  function isDenied(service: ServiceId, key: () => Uint8Array, now: Millis): boolean {
    const no = refused.get(service);
    return no !== undefined && no.until > now && no.accessKey === hex(key());
  }

  return {
    async possible(service, work, now) {
      const key = await keyOf(service, work);
      return key !== null && !isDenied(service, key, now);
    },
    async access(service, work, via, now) {
      const key = await keyOf(service, work);
      if (key === null || isDenied(service, key, now)) return null;
      const accessKey = key();
      const answer = await certificateAt(now, via);
      return answer.kind === 'certificate'
        ? { kind: 'access', accessKey, certificate: answer.bytes }
        : answer;
    },
    denied(service, accessKey, now) {
      refused.set(service, { accessKey: hex(accessKey), until: now + DENIED_FOR_MS });
    },
  };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
