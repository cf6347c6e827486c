/** A Signal account on the server: its phone, which answers nothing by itself but what the mock's phones do. */
export type Account = {
  /** Names it in calls. */
  readonly id: number;
  readonly name: string;
  readonly aci: string;
  readonly pni: string | null;
  readonly number: string | null;
  readonly profileKey: Uint8Array;
};

/** A linked device of an account: what Plainseal is. */
export type Linked = { readonly id: number; readonly aci: string; readonly device: number };

/** What a test profile needs to find the server; binary values in base64. The shape of networks/signal's local environment. */
export type LocalEnvironment = {
  readonly kind: 'local';
  readonly port: number;
  readonly rootCertificate: string;
  readonly trustRoots: readonly string[];
  readonly serverPublicParams: string;
};

/** What an account's phone got, decrypted by the mock. `content`: the `Content` as the mock's own codec writes it again. */
export type Received = {
  readonly from: { readonly aci: string; readonly device: number };
  readonly envelope: 'CipherText' | 'Plaintext' | 'PreKey' | 'SealedSender' | 'SenderKey';
  /** Which of its identities it was sent to. */
  readonly to: 'ACI' | 'PNI';
  readonly body: string | null;
  /** The time that names a message, epoch ms. */
  readonly sentAt: number | null;
  readonly receipt: { readonly as: 'delivered' | 'read' | 'viewed'; readonly of: readonly number[] } | null;
  readonly content: Uint8Array;
};

export type SendOptions = {
  /** Epoch ms; names the message. Now, where absent. */
  readonly sentAt?: number;
  readonly sealed?: boolean;
  readonly to?: 'ACI' | 'PNI';
  readonly withProfileKey?: boolean;
};

/** Queues that can be waited on. */
export type Queue = 'message' | 'receipt' | 'edit' | 'decryption-error' | 'sync';

/** Driver → server process. Binary travels as it is: the channel is Node's structured clone. */
export interface Calls {
  account: {
    readonly args: { readonly name: string; readonly contacts: readonly number[]; readonly number: boolean };
    readonly result: Account;
  };
  /** Scans a code with the account's phone; answers once the new device has uploaded its keys. */
  link: { readonly args: { readonly phone: number; readonly url: string }; readonly result: Linked };
  /** Lets an account start a conversation with a device, as if it had fetched its keys. */
  introduce: {
    readonly args: { readonly account: number; readonly device: number; readonly pni: boolean };
    readonly result: null;
  };
  sendText: {
    readonly args: {
      readonly account: number;
      readonly device: number;
      readonly text: string;
      readonly options: SendOptions;
    };
    readonly result: number;
  };
  /** Sends a whole `Content`. */
  sendContent: {
    readonly args: {
      readonly account: number;
      readonly device: number;
      readonly content: Uint8Array;
      readonly options: SendOptions;
    };
    readonly result: number;
  };
  /** Queues many texts at once; gives their times. `sealed`: of `n` messages every other one. */
  queueTexts: {
    readonly args: {
      readonly accounts: readonly number[];
      readonly device: number;
      readonly count: number;
      readonly sealed: boolean;
      readonly from: number;
      /** Each text begins with it, an x and its number: `wordx000007`. */
      readonly word?: string;
    };
    readonly result: readonly number[];
  };
  /** Hands bytes to the device as an envelope of the server, unseen by anybody. */
  sendRaw: {
    readonly args: { readonly device: number; readonly envelope: Uint8Array; readonly times: number };
    readonly result: null;
  };
  /** A text sealed for the device as an envelope, without sending it. */
  encryptText: {
    readonly args: {
      readonly account: number;
      readonly device: number;
      readonly text: string;
      readonly options: SendOptions;
    };
    readonly result: Uint8Array;
  };
  sendReceipt: {
    readonly args: {
      readonly account: number;
      readonly device: number;
      readonly as: 'delivered' | 'read';
      readonly of: readonly number[];
    };
    readonly result: null;
  };
  serverReceipt: {
    readonly args: { readonly account: number; readonly device: number; readonly of: number };
    readonly result: null;
  };
  next: {
    readonly args: { readonly account: number; readonly queue: Queue; readonly timeoutMs: number };
    readonly result: Received;
  };
  waiting: {
    readonly args: { readonly account: number; readonly queue: Exclude<Queue, 'sync'> };
    readonly result: number;
  };
  /** Envelopes that the account's phone had opened before, and dropped. */
  twins: { readonly args: { readonly account: number }; readonly result: number };
  addDevice: { readonly args: { readonly account: number }; readonly result: number };
  removeDevice: {
    readonly args: { readonly account: number; readonly device: number };
    readonly result: null;
  };
  /** The same account under a new identity key, as after a new installation. */
  changeIdentity: { readonly args: { readonly account: number }; readonly result: null };
  /** The account's phone has another number, and tells its other devices, which it must have met. */
  changeNumber: { readonly args: { readonly account: number }; readonly result: { readonly number: string } };
  /** Another registration id: what was sealed for the old one is stale. */
  reinstall: { readonly args: { readonly account: number }; readonly result: null };
  register: {
    readonly args: { readonly account: number; readonly registered: boolean };
    readonly result: null;
  };
  /** Answers sends from the device to the account with 428 until turned off. */
  challenge: {
    readonly args: { readonly device: number; readonly account: number; readonly on: boolean };
    readonly result: null;
  };
  unlink: { readonly args: { readonly phone: number; readonly device: number }; readonly result: null };
  waitForSync: {
    readonly args: { readonly phone: number; readonly device: number; readonly timeoutMs: number };
    readonly result: null;
  };
  /** Cuts every connection. */
  cut: { readonly args: Record<string, never>; readonly result: null };
  /** Answers requests whose path begins so in the server's place; `status` null: as itself again. */
  answer: {
    readonly args: { readonly path: string; readonly status: number | null; readonly body?: string };
    readonly result: null;
  };
  /** Gives out keys without the post-quantum ones, or whole again. */
  withholdPostQuantum: { readonly args: { readonly on: boolean }; readonly result: null };
  /** Answers new connections with a status instead of taking them, until told null. */
  refuseConnections: { readonly args: { readonly status: number | null }; readonly result: null };
  /** Requests whose path begins so, over sockets, since the start. */
  requests: { readonly args: { readonly path: string }; readonly result: number };
  /** When the last of those came, on the machine's monotonic clock, ms. */
  lastRequestAt: { readonly args: { readonly path: string }; readonly result: number | null };
  /** Of these words, those that can be read in a request since the start: paths, headers, bodies, over sockets and without. */
  readable: {
    readonly args: { readonly words: readonly string[] };
    readonly result: readonly string[];
  };
  /** The 60 digits that the account's own app would show for somebody, and what its QR code holds. */
  safetyNumber: {
    readonly args: { readonly account: number; readonly with: number };
    readonly result: { readonly digits: string; readonly code: Uint8Array };
  };
  username: { readonly args: { readonly account: number; readonly username: string }; readonly result: null };
}

export type CallName = keyof Calls;
export type Call = {
  readonly [N in CallName]: { readonly id: number; readonly name: N; readonly args: Calls[N]['args'] };
}[CallName];
export type Answer =
  | { readonly kind: 'ready'; readonly environment: LocalEnvironment }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly why: string };
