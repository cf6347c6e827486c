import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Calls } from '../../shared/contract/calls.ts';
import type { Events } from '../../shared/contract/events.ts';
import type {
  ConfirmAnswer,
  ConfirmQuestion,
  HostCalls,
  HostEvents,
  KeyringLack,
} from '../../shared/shell/host.ts';
import { pipePair } from '../../shared/wire/pair.ts';
import { link, type Handlers, type Link } from '../../shared/wire/rpc.ts';
import { openCore, type OpenCore } from '../core/open.ts';

export type Page = Link<Calls, Record<string, never>, Events>;

/** A keyring that keeps what it is given. */
export type Keyring = { name: string; readonly entries: Map<string, Uint8Array>; stale: boolean };
export const keyringNamed = (name: string): Keyring => ({ name, entries: new Map(), stale: false });

/** A shell whose person answers as told, over a profile in a scratch folder. */
export interface ProfileShell {
  readonly folder: string;
  /** Outside the profile; another one is another machine. */
  marks: string;
  /** What was asked since it was emptied. */
  asked: ConfirmQuestion[];
  /** What the person types next, made of what was asked where it must be; null: they take the other way. They say no when nothing is left. */
  typed: (string | null | ((asked: readonly ConfirmQuestion[]) => string))[];
  /** Series that ended. */
  ended: number;
  /** The system's keyring, or why there is none. */
  keyring: Keyring | KeyringLack;
  readonly lines: string[];
  start(kind?: 'live' | 'test'): Promise<Page>;
  stop(): Promise<void>;
  /** Stops, and takes the folder away. */
  end(): Promise<void>;
}

/** Makes a shell with no keyring and a person who says no. */
export function profileShell(): ProfileShell {
  const scratch = mkdtempSync(join(tmpdir(), 'plainseal-profile-'));
  const folder = join(scratch, 'profile');
  let open: OpenCore | null = null;
  const never = (): never => {
    throw new Error('not in this test');
  };
  const serve: Handlers<HostCalls> = {
    'key.wrap': ({ key }) => {
      const { keyring } = at;
      if (typeof keyring === 'string') return { kind: 'none', why: keyring };
      const name = `entry ${keyring.entries.size}`;
      keyring.entries.set(name, Uint8Array.from(key));
      return { kind: 'wrapped', wrapped: Buffer.from(name), backend: keyring.name };
    },
    'key.unwrap': ({ wrapped }) => {
      const { keyring } = at;
      if (typeof keyring === 'string') return { kind: 'none', why: keyring };
      const { name: backend, stale } = keyring;
      const key = keyring.entries.get(Buffer.from(wrapped).toString());
      return key ? { kind: 'opened', key, backend, stale } : { kind: 'closed', backend };
    },
    confirm: (question): ConfirmAnswer => {
      at.asked.push(question);
      const next = at.typed.shift();
      if (next === undefined) return { ok: false, secret: null };
      if (next === null) return { ok: false, secret: null, way: true };
      return { ok: true, secret: typeof next === 'string' ? next : next(at.asked) };
    },
    'confirm.end': () => {
      at.ended += 1;
      return null;
    },
    notify: () => null,
    badge: () => null,
    'file.pick': never,
    'file.save': never,
    'grant.open': never,
    'grant.close': never,
    'crash.point': never,
    'lane.start': never,
    'lane.stop': () => null,
  };

  const at: ProfileShell = {
    folder,
    marks: join(scratch, 'marks'),
    asked: [],
    typed: [],
    ended: 0,
    keyring: 'no-keyring',
    lines: [],
    async start(kind = 'test') {
      const [near, far] = pipePair();
      link<HostCalls, Record<string, never>, HostEvents, Record<string, never>>({ pipe: far, serve });
      const host = link<Record<string, never>, HostCalls, Record<string, never>, HostEvents>({
        pipe: near,
        serve: {},
      });
      open = await openCore({
        folder,
        marks: at.marks,
        kind,
        version: '0',
        harness: null,
        host,
        log: (line) => at.lines.push(line),
      });
      const [own, core] = pipePair();
      open.core.attachPage(core);
      return link<Record<string, never>, Calls, Record<string, never>, Events>({ pipe: own, serve: {} });
    },
    async stop() {
      await open?.close();
      open = null;
    },
    async end() {
      await at.stop();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
  return at;
}
