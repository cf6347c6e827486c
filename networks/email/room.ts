import type { ConversationId } from '../../shared/ids.ts';
import { MAX_TEXT_LENGTH } from '../../shared/contract/content.ts';
import type { ReadMail } from './mail-read.ts';
import { wordsOf } from './message-in.ts';
import type { Receiving } from './receiving.ts';

/**
 * Whether core keeps a mail of a conversation (rule 11). Asked before anything of it is kept: a key, the files in it. Words alone of whom core knows
 * go to it without asking, unless there are so many that they go along as a file.
 */
export async function isRoomFor(
  { hasRoom }: Receiving,
  conversation: ConversationId,
  read: ReadMail,
  isKnown: boolean,
): Promise<boolean> {
  const isFile = read.files.length > 0 || wordsOf(read).text.length > MAX_TEXT_LENGTH;
  if (isKnown && !isFile) return true;
  const bytes = read.files.reduce((sum, file) => sum + file.bytes.length, read.text.length);
  return hasRoom(conversation, bytes);
}
