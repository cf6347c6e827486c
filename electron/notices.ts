import { Notification } from 'electron';
import type { Notice } from '../shared/shell/host.ts';

/** Shows notices of the system; one with the tag of an earlier takes its place. */
export interface Notices {
  show(notice: Notice): void;
  clear(): void;
}

/** `clicked` gets the tag of a notice the person clicked. */
export function createNotices(clicked: (tag: string) => void): Notices {
  const shown = new Map<string, Notification>();
  return {
    show({ title, body, tag }) {
      if (!Notification.isSupported()) return;
      shown.get(tag)?.close();
      const notification = new Notification({ title, body: body ?? '' });
      shown.set(tag, notification);
      notification.once('click', () => clicked(tag));
      notification.once('close', () => {
        if (shown.get(tag) === notification) shown.delete(tag);
      });
      notification.show();
    },
    clear() {
      for (const notification of shown.values()) notification.close();
      shown.clear();
    },
  };
}
