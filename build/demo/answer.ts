/** How a contact answers: with what it read, so that an answer proves that the text came through. */
export const answerTo = (text: string): string => `You wrote: ${text}`;
