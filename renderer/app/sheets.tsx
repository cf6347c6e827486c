import type { ReactNode } from 'react';
import { ProvePersonSheet } from '../accounts/prove-person.tsx';
import { RelaysSheet } from '../accounts/relays.tsx';
import { SignInSheet } from '../accounts/sign-in.tsx';
import { AccountSheet } from '../accounts/sheet.tsx';
import { assertNever } from '../../shared/assert.ts';
import { NewGroupSheet } from '../groups/new.tsx';
import { GroupSheet } from '../groups/sheet.tsx';
import { WhoSeesSheet } from '../label/who-sees.tsx';
import { TellsSheet } from '../messages/tells.tsx';
import { TimerSheet } from '../messages/timer.tsx';
import { ApartSheet } from '../people/apart.tsx';
import { BlockSheet } from '../people/block.tsx';
import { ContactSheet } from '../people/contact.tsx';
import { MergeSheet } from '../people/merge.tsx';
import { NewChatSheet } from '../people/new-chat.tsx';
import { ReportSheet } from '../report/sheet.tsx';
import { Palette } from '../search/palette.tsx';
import { SettingsSheet } from '../settings/sheet.tsx';
import { useView } from './view.ts';

/** The panel over the inbox, if one is open. */
export function Sheets(): ReactNode {
  const sheet = useView((view) => view.sheet);
  if (sheet === null) return null;
  switch (sheet.kind) {
    case 'settings':
      return <SettingsSheet />;
    case 'account':
      return <AccountSheet account={sheet.account} />;
    case 'prove-person':
      return <ProvePersonSheet account={sheet.account} />;
    case 'sign-in':
      return <SignInSheet account={sheet.account} />;
    case 'relays':
      return <RelaysSheet account={sheet.account} />;
    case 'new-chat':
      return <NewChatSheet code={sheet.code ?? null} />;
    case 'new-group':
      return <NewGroupSheet like={sheet.like ?? null} />;
    case 'group':
      return <GroupSheet conversation={sheet.conversation} />;
    case 'contact':
      return <ContactSheet peer={sheet.peer} account={sheet.account} />;
    case 'merge':
      return <MergeSheet peer={sheet.peer} account={sheet.account} />;
    case 'apart':
      return <ApartSheet peer={sheet.peer} account={sheet.account} />;
    case 'block':
      return <BlockSheet peer={sheet.peer} account={sheet.account} />;
    case 'timer':
      return <TimerSheet conversation={sheet.conversation} />;
    case 'who-sees':
      return <WhoSeesSheet conversation={sheet.conversation} />;
    case 'tells':
      return <TellsSheet conversation={sheet.conversation} />;
    case 'report':
      return <ReportSheet conversation={sheet.conversation} of={sheet.of} />;
    case 'palette':
      return <Palette scope={sheet.in} />;
    case 'add-account':
    case 'link-again':
      return null;
    default:
      return assertNever(sheet);
  }
}
