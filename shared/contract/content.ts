import * as v from 'valibot';
import type { FileId, NetworkKey, PeerId } from '../ids.ts';

/** Longest text of one message, in UTF-16 units; longer ones are refused at the composer and cut into a file by lanes. */
export const MAX_TEXT_LENGTH = 64_000;
export const MAX_FILES = 32;

export const rangeStyles = ['bold', 'italic', 'mono', 'strike', 'spoiler'] as const;

/** Styles of a stretch of text; `at` and `length` count UTF-16 units. */
export type Range = {
  readonly at: number;
  readonly length: number;
  readonly as: (typeof rangeStyles)[number] | { readonly mention: PeerId };
};

/** What a message says; plain text with ranges, never HTML. */
export type Content = {
  readonly text: string;
  readonly ranges: readonly Range[];
  readonly quote?: NetworkKey;
  readonly files: readonly FileId[];
  readonly special?: 'sticker' | 'poll' | 'contact' | 'voice' | 'view-once' | 'newer-version';
};

/** Whether nothing of it can be shown: then a row says so in its place. */
export const needsNewer = (content: Content): boolean =>
  content.special !== undefined && content.text === '' && content.files.length === 0;

export const textOnly = (text: string): Content => ({ text, ranges: [], files: [] });

/** An opaque id as it crosses a border: short printable text. */
export const idSchema = <T extends string>(): v.GenericSchema<string, T> =>
  v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(512),
    // No control characters: ids end up in logs and in SQL tools.
    // oxlint-disable-next-line no-control-regex
    v.regex(/^[^\u0000-\u001f\u007f]+$/),
    v.transform((text) => text as T),
  ) as v.GenericSchema<string, T>;

export const contentSchema: v.GenericSchema<unknown, Content> = v.strictObject({
  text: v.pipe(v.string(), v.maxLength(MAX_TEXT_LENGTH)),
  ranges: v.pipe(
    v.array(
      v.strictObject({
        at: v.pipe(v.number(), v.integer(), v.minValue(0)),
        length: v.pipe(v.number(), v.integer(), v.minValue(1)),
        as: v.union([v.picklist(rangeStyles), v.strictObject({ mention: idSchema<PeerId>() })]),
      }),
    ),
    v.maxLength(1_000),
  ),
  quote: v.exactOptional(idSchema<NetworkKey>()),
  files: v.pipe(v.array(idSchema<FileId>()), v.maxLength(MAX_FILES)),
  special: v.exactOptional(v.picklist(['sticker', 'poll', 'contact', 'voice', 'view-once', 'newer-version'])),
}) as v.GenericSchema<unknown, Content>;
