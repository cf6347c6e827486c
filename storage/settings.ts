import { defaultSettings, settingsPatchSchema, type Settings } from '../shared/contract/settings.ts';
import * as v from 'valibot';
import type { ConversationId, Millis } from '../shared/ids.ts';
import type { Database } from './database.ts';
import { readMeta, writeMeta } from './meta.ts';

const SETTINGS_KEY = 'settings';
const consentKey = (conversation: ConversationId): string => `clear-consent/${conversation}`;

/** The settings; what is missing or of another version's shape has its default. */
export function readSettings(db: Database): Settings {
  const text = readMeta(db, SETTINGS_KEY);
  if (text === null) return defaultSettings;
  const read = v.safeParse(settingsPatchSchema, JSON.parse(text));
  return read.success ? ({ ...defaultSettings, ...read.output } as Settings) : defaultSettings;
}

/** Replaces the settings. */
export function writeSettings(db: Database, settings: Settings): void {
  writeMeta(db, SETTINGS_KEY, JSON.stringify(settings));
}

/** Whether the person agreed, in the shell's own window, to send without encryption in a conversation. */
export function hasClearConsent(db: Database, conversation: ConversationId): boolean {
  return readMeta(db, consentKey(conversation)) !== null;
}

/** Keeps that agreement. */
export function keepClearConsent(db: Database, conversation: ConversationId, at: Millis): void {
  writeMeta(db, consentKey(conversation), String(at));
}
