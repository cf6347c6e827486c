import { create } from 'zustand';
import type { AccountId, ConversationId, MessageId, NetworkId, PeerId } from '../../shared/ids.ts';
import type { CallArgs } from '../../shared/contract/calls.ts';

export type Filter = CallArgs<'inbox.page'>['filter'];

/** A panel over the inbox; at most one at a time. */
export type Sheet =
  | { readonly kind: 'settings' }
  | { readonly kind: 'account'; readonly account: AccountId }
  | { readonly kind: 'add-account'; readonly network: NetworkId | null }
  | { readonly kind: 'link-again'; readonly account: AccountId }
  /** The network wants to see a person before it takes more. */
  | { readonly kind: 'prove-person'; readonly account: AccountId }
  /** The server wants another password. */
  | { readonly kind: 'sign-in'; readonly account: AccountId }
  /** Where an account is found. */
  | { readonly kind: 'relays'; readonly account: AccountId }
  /** `code`: a link from outside, to be looked at by the person. */
  | { readonly kind: 'new-chat'; readonly code?: string }
  /** `like`: with the people and the name of a group that is there. */
  | { readonly kind: 'new-group'; readonly like?: ConversationId }
  | { readonly kind: 'group'; readonly conversation: ConversationId }
  | { readonly kind: 'contact'; readonly peer: PeerId; readonly account: AccountId }
  /** Says that somebody is the same person as somebody else. */
  | { readonly kind: 'merge'; readonly peer: PeerId; readonly account: AccountId }
  | { readonly kind: 'apart'; readonly peer: PeerId; readonly account: AccountId }
  | { readonly kind: 'block'; readonly peer: PeerId; readonly account: AccountId }
  | { readonly kind: 'timer'; readonly conversation: ConversationId }
  | { readonly kind: 'who-sees'; readonly conversation: ConversationId }
  | { readonly kind: 'tells'; readonly conversation: ConversationId }
  /** `of`: somebody in a group; null: the other one of two. */
  | {
      readonly kind: 'report';
      readonly conversation: ConversationId;
      readonly of: { readonly peer: PeerId; readonly name: string } | null;
    }
  | { readonly kind: 'palette'; readonly in: ConversationId | null };

type ViewState = {
  readonly filter: Filter;
  readonly conversation: ConversationId | null;
  readonly sheet: Sheet | null;
  /** The message whose details are shown. */
  readonly details: MessageId | null;
  /** A message to scroll to and point out; `turn` makes a second jump to the same one a new one. */
  readonly jump: { readonly message: MessageId; readonly turn: number } | null;
};

/** Where the person is. Nothing of it is kept between runs. */
export const useView = create<ViewState>(() => ({
  filter: 'all',
  conversation: null,
  sheet: null,
  details: null,
  jump: null,
}));

/** Shows a list. */
export function showFilter(filter: Filter): void {
  useView.setState({ filter });
}

/** Opens a conversation, at a message if one is named. */
export function openConversation(conversation: ConversationId, at?: MessageId): void {
  const turn = (useView.getState().jump?.turn ?? 0) + 1;
  useView.setState((view) => ({
    conversation,
    sheet: null,
    details: view.conversation === conversation ? view.details : null,
    jump: at === undefined ? null : { message: at, turn },
  }));
}

/** Back to the list, for windows of one column. */
export function closeConversation(): void {
  useView.setState({ conversation: null, details: null, jump: null });
}

/** Shows a panel in place of any other. */
export function showSheet(sheet: Sheet | null): void {
  useView.setState({ sheet });
}

/** Shows the details of a message, or none. */
export function showDetails(details: MessageId | null): void {
  useView.setState({ details });
}
