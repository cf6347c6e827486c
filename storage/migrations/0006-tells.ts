/** What a conversation's other side is told of me: 0 nothing, 1 where the conversation is private, 2 wherever; null: as the settings say. */
export const tells = `
ALTER TABLE conversation ADD COLUMN tells_read INTEGER CHECK (tells_read IN (0, 1, 2));
ALTER TABLE conversation ADD COLUMN tells_typing INTEGER CHECK (tells_typing IN (0, 1, 2));
`;
