import { createHash } from 'node:crypto';

/** A message as both sides would name it: its words and, with a file, the file's SHA-256 in hex. */
export interface Message {
  readonly text: string;
  readonly file: string | null;
}

export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What a verdict compares: equal for the same words with the same file. */
export const nameOf = ({ text, file }: Message): string => (file === null ? text : `${text} + ${file}`);
