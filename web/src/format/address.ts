/** Street and city; some addresses name their city already. */
export const addressOf = ({ address, city }: { address: string; city: string }): string => (address.includes(city) ? address : `${address}, ${city}`);
