import { check } from './en/check.ts';
import { code } from './en/code.ts';
import { confirm } from './en/confirm.ts';
import { consent } from './en/consent.ts';
import { copy } from './en/copy.ts';
import { disclosure } from './en/disclosure.ts';
import { elsewhere } from './en/elsewhere.ts';
import { errors } from './en/errors.ts';
import { evidence } from './en/evidence.ts';
import { facts } from './en/facts.ts';
import { floor } from './en/floor.ts';
import { flow } from './en/flow.ts';
import { group } from './en/group.ts';
import { label } from './en/label.ts';
import { name } from './en/name.ts';
import { network } from './en/network.ts';
import { nostr } from './en/nostr.ts';
import { notes } from './en/notes.ts';
import { page } from './en/page.ts';
import { person } from './en/person.ts';
import { report } from './en/report.ts';
import { send } from './en/send.ts';
import { shell } from './en/shell.ts';
import { signal } from './en/signal.ts';
import { strangers } from './en/strangers.ts';
import { tells } from './en/tells.ts';
import { time } from './en/time.ts';
import { update } from './en/update.ts';

/** Every English message by id, in ICU message format. One file per noun; an id is used once. */
export const en = {
  ...check,
  ...code,
  ...confirm,
  ...consent,
  ...copy,
  ...disclosure,
  ...elsewhere,
  ...errors,
  ...evidence,
  ...facts,
  ...floor,
  ...flow,
  ...group,
  ...label,
  ...name,
  ...network,
  ...nostr,
  ...notes,
  ...page,
  ...person,
  ...report,
  ...send,
  ...shell,
  ...signal,
  ...strangers,
  ...tells,
  ...time,
  ...update,
} as const;

export type Catalogue = typeof en;
export type WordId = keyof Catalogue;
