/**
 * Earlier versions left `pending` also what a lane had tried to hand over without knowing how far it came, as nothing sealed was taken back. Since it
 * may be (decision 36), that must not say that nothing went.
 */
export const doubtBefore = `
UPDATE artifact SET outcome = 'ambiguous' WHERE outcome = 'pending';
`;
