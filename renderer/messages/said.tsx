import { useState, type ReactNode } from 'react';
import type { Content } from '../../shared/contract/content.ts';
import { openLink } from '../app/host.ts';
import { LinkButton } from '../ui/button.tsx';
import { cx } from '../ui/classes.ts';
import { say } from '../words.ts';
import styles from './said.module.css';
import { isEmojiOnly, pieces, type Piece } from './text.ts';

/** Longer texts are folded until asked for: in UTF-16 units and in lines. */
const FOLD_LENGTH = 2_400;
const FOLD_LINES = 40;

/** Where to fold a text so that neither limit is passed; null when it is short. */
function foldAt(text: string): number | null {
  let at = -1;
  for (let lines = 0; lines < FOLD_LINES; lines += 1) {
    at = text.indexOf('\n', at + 1);
    if (at < 0) break;
  }
  const byLines = at < 0 ? text.length : at;
  const end = Math.min(byLines, FOLD_LENGTH);
  return end < text.length ? end : null;
}

/** What somebody wrote: plain text with styles and links, never HTML. Without `links` an address is text like any other. */
export function Said({
  content,
  links = true,
}: {
  readonly content: Pick<Content, 'text' | 'ranges'>;
  readonly links?: boolean;
}): ReactNode {
  const [all, setAll] = useState(false);
  const fold = all ? null : foldAt(content.text);
  const shown = fold === null ? content : { ...content, text: content.text.slice(0, fold) };
  return (
    <>
      <p className={cx(styles['text'], isEmojiOnly(content.text) && styles['large'])} dir="auto">
        {pieces(shown).map((piece, index) => (
          // The pieces of one text never change places.
          // oxlint-disable-next-line react/no-array-index-key
          <Stretch key={index} piece={links ? piece : { ...piece, link: null }} />
        ))}
        {fold === null ? null : '…'}
      </p>
      {fold === null ? null : (
        <LinkButton className={styles['fold']} onClick={() => setAll(true)}>
          {say('message.show-all')}
        </LinkButton>
      )}
    </>
  );
}

function Stretch({ piece }: { readonly piece: Piece }): ReactNode {
  const [open, setOpen] = useState(false);
  const classes = piece.styles.map((style) => styles[style]);
  if (piece.styles.includes('spoiler') && !open)
    return (
      <button
        type="button"
        className={styles['hidden']}
        aria-label={say('message.spoiler')}
        onClick={() => setOpen(true)}
      >
        <span aria-hidden="true">{piece.text}</span>
      </button>
    );
  if (piece.link !== null) {
    const to = piece.link;
    return (
      <a
        className={cx(styles['link'], ...classes)}
        href={to}
        title={to}
        rel="noreferrer noopener"
        onClick={(event) => {
          event.preventDefault();
          openLink(to);
        }}
        onAuxClick={(event) => event.preventDefault()}
      >
        {piece.text}
      </a>
    );
  }
  if (classes.length === 0 && piece.mention === null) return piece.text;
  return <span className={cx(...classes, piece.mention !== null && styles['mention'])}>{piece.text}</span>;
}
