/** What waits too long for its message is found by when it is over, and goes. */
export const waitingUntil = `
CREATE INDEX waiting_until ON waiting_change (until);
`;
