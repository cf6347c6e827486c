import type { Page } from '@playwright/test';

/** What the gallery lends of its page and core. */
type Gallery = {
  readonly memory: { readonly messages: Map<string, Row>; nextId: number };
  readonly core: { readonly tell: (conversations: readonly string[], messages: readonly string[]) => void };
  readonly view: { readonly getState: () => { readonly conversation: string | null } };
};
type Row = {
  readonly id: string;
  readonly key: string;
  readonly conversation?: string;
  readonly author?: { readonly me: boolean };
  readonly content: unknown;
};

/** Has somebody else's message come into the conversation that is open. */
export function comeIn(page: Page, text: string): Promise<void> {
  return page.evaluate((said) => {
    const { memory, core, view } = (window as unknown as { gallery: Gallery }).gallery;
    const { conversation } = view.getState();
    if (conversation === null) throw new Error('no conversation is open');
    const like = [...memory.messages.values()].findLast(
      (row) => row.conversation === conversation && row.author?.me === false,
    );
    memory.nextId += 1;
    const id = String(memory.nextId);
    const content = { text: said, ranges: [], files: [] };
    memory.messages.set(id, { ...like, id, key: `key-${id}`, content });
    core.tell([conversation], [id]);
  }, text);
}
