import type { Millis, NetworkId, NetworkKey, ProtocolId } from '../ids.ts';
import type { Evidence } from '../label/evidence.ts';

/** Most messages of one report. */
export const MAX_REPORTED = 50;

/** One message of theirs, as it lies on this computer: no quote, no reaction, no file's bytes, nothing of anybody else. */
export interface ReportedMessage {
  /** The network's own name of it. */
  readonly key: NetworkKey;
  readonly text: string;
  readonly files: readonly { readonly name: string; readonly type: string; readonly size: number }[];
  /** By the sender's clock. */
  readonly sentAt: Millis;
  /** By this computer's clock. */
  readonly receivedAt: Millis;
  /** How it was known who wrote it, when it was opened; `not-kept`: nothing is known of that. */
  readonly known: Evidence['how'] | 'not-kept';
  readonly proof: 'signature' | 'session' | 'certificate' | 'none';
  /** The key it was proven with. */
  readonly fingerprint: string | null;
}

/** Everything that a report reveals. */
export interface ReportContents {
  readonly network: NetworkId;
  readonly protocol: ProtocolId;
  readonly testNetwork: boolean;
  readonly reported: {
    readonly id: string;
    readonly address: string | null;
    readonly fingerprint: string | null;
  };
  /** In the order they came. */
  readonly messages: readonly ReportedMessage[];
}

/** What a report would be. */
export interface ReportPreview {
  readonly contents: ReportContents;
  /** SHA-256 of the contents as they stand in the file, in hex. */
  readonly sha256: string;
}
