/** How much waits for whom is counted by an index: of a conversation what is about its messages, of somebody what they have received. */
export const waitingShare = `
CREATE INDEX waiting_share ON waiting_change
  (account, coalesce(json_extract(change, '$.target.conversation'), json_extract(change, '$.receipt.by'), ''));
`;
