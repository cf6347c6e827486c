import { Popover } from '@base-ui/react/popover';
import { useState, type ReactElement, type ReactNode } from 'react';
import { TextField } from '../ui/field.tsx';
import { say } from '../words.ts';
import styles from './reactions.module.css';

/** What people answer with most. Any other can be typed: every desktop has its own way to enter emoji. */
const COMMON = ['👍', '❤️', '😂', '😮', '😢', '🙏'] as const;

const FIRST_EMOJI = /\p{RGI_Emoji}/v;

/** A button that opens a small choice of emoji, and a field for any other. */
export function EmojiPicker({
  trigger,
  own,
  onPick,
  onOpenChange,
}: {
  readonly trigger: ReactElement<Record<string, unknown>>;
  readonly own: readonly string[];
  readonly onPick: (emoji: string) => void;
  readonly onOpenChange?: (open: boolean) => void;
}): ReactNode {
  const [open, setOpen] = useState(false);
  const change = (to: boolean): void => {
    setOpen(to);
    onOpenChange?.(to);
  };
  const pick = (emoji: string): void => {
    onPick(emoji);
    change(false);
  };
  return (
    <Popover.Root open={open} onOpenChange={change}>
      <Popover.Trigger render={trigger} />
      <Popover.Portal>
        <Popover.Positioner className={styles['place']} sideOffset={4} side="top">
          <Popover.Popup className={styles['picker']} aria-label={say('message.react')}>
            <div className={styles['set']}>
              {COMMON.map((emoji) => (
                <button
                  key={emoji}
                  type="button"
                  aria-pressed={own.includes(emoji)}
                  onClick={() => pick(emoji)}
                >
                  {emoji}
                </button>
              ))}
            </div>
            <TextField
              label={say('message.reaction.other')}
              onChange={(event) => {
                const emoji = FIRST_EMOJI.exec(event.currentTarget.value)?.[0];
                if (emoji !== undefined) pick(emoji);
              }}
            />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
