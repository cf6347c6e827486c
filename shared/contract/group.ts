import * as v from 'valibot';
import type { PeerId } from '../ids.ts';
import { MAX_GROUP_PEERS, MAX_GROUP_TITLE, type GroupEdit } from '../lane/intent.ts';
import { idSchema } from './content.ts';

// Apart from the other schemas of lanes, which the page would carry along.

const peer = idSchema<PeerId>();
/** Whom a change of a group names. */
export const groupPeers = v.pipe(v.array(peer), v.minLength(1), v.maxLength(MAX_GROUP_PEERS));
/** What a group is called. */
export const groupTitle = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_GROUP_TITLE));
/** The changes of a group that is there, one schema each. */
export const groupEdits = [
  v.strictObject({ act: v.literal('add'), peers: groupPeers }),
  v.strictObject({ act: v.picklist(['remove', 'promote', 'demote']), peer }),
  v.strictObject({ act: v.literal('rename'), title: groupTitle }),
  v.strictObject({ act: v.literal('leave') }),
] as const;
/** A change of a group that is there. */
export const groupEditSchema: v.GenericSchema<unknown, GroupEdit> = v.variant('act', groupEdits);
