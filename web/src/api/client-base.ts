/** Where the API lives; apart, because the live worker needs it and nothing else of the client. */
export const base = '/api/v1';
