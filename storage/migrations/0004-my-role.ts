/** What I am in a group. My own account is no peer, so the table of who is in it cannot say. */
export const myRole = `
ALTER TABLE conversation ADD COLUMN my_role TEXT; -- null: not in it, or no group
ALTER TABLE conversation ADD COLUMN my_role_by TEXT; -- the peer who took me in; null: nobody is told of
`;
