import type { ReactNode } from 'react';
import { useProfile } from '../app/session.ts';
import { showSheet } from '../app/view.ts';
import { FloorChoice } from '../label/floor.tsx';
import { Choice } from '../ui/choice.tsx';
import { Key } from '../ui/key.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { Toggle } from '../ui/toggle.tsx';
import { say } from '../words.ts';
import { Consents } from './consents.tsx';
import { Lock } from './lock.tsx';
import styles from './sheet.module.css';
import { changeSettings, useSettings } from './store.ts';

const themes = ['system', 'light', 'dark'] as const;
const notifications = ['off', 'hidden', 'name', 'full'] as const;

/** Changes what was chosen; a change that fails shows by not happening. */
function set(patch: Parameters<typeof changeSettings>[0]): void {
  changeSettings(patch).catch(() => undefined);
}

/** What the person has chosen for the whole profile. */
export function SettingsSheet(): ReactNode {
  const settings = useSettings();
  const profile = useProfile();
  return (
    <Sheet title={say('settings.title')} onClose={() => showSheet(null)}>
      <div className={styles['settings']}>
        <Choice
          label={say('settings.theme')}
          value={settings.theme}
          options={themes.map((value) => ({ value, label: say(`settings.theme.${value}`) }))}
          onChange={(theme) => set({ theme })}
        />
        <Choice
          label={say('settings.notifications')}
          means={say('settings.notifications.means')}
          value={settings.notifications}
          options={notifications.map((value) => ({ value, label: say(`settings.notifications.${value}`) }))}
          onChange={(value) => set({ notifications: value })}
        />
        <FloorChoice peer={null} />
        <Toggle
          label={say('settings.receipts')}
          means={say('settings.receipts.means')}
          checked={settings.readReceipts}
          onChange={(readReceipts) => set({ readReceipts })}
        />
        <Toggle
          label={say('settings.enter')}
          means={say('settings.enter.means')}
          checked={settings.sendWithEnter}
          onChange={(sendWithEnter) => set({ sendWithEnter })}
        />
        <Consents />
        <Lock keptBy={profile.keptBy} phrase={profile.phrase} />
        <section>
          <h3>{say('settings.keys')}</h3>
          <dl className={styles['keys']}>
            {keys.map(({ name, press }) => (
              <div key={name}>
                <dt>{say(`keys.${name}`)}</dt>
                <dd>
                  {press.map((key) => (
                    <Key key={key}>{key}</Key>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </section>
        <section className={styles['about']}>
          <p>
            {say('settings.version', { version: profile.version })}. {say('settings.licence')}
          </p>
          {profile.kind === 'test' ? <p>{say('settings.test-profile')}</p> : null}
        </section>
      </div>
    </Sheet>
  );
}

const keys = [
  { name: 'search', press: ['Ctrl', 'K'] },
  { name: 'new', press: ['Ctrl', 'N'] },
  { name: 'next', press: ['Alt', '↓'] },
  { name: 'previous', press: ['Alt', '↑'] },
  { name: 'regions', press: ['F6'] },
  { name: 'close', press: ['Esc'] },
] as const;
