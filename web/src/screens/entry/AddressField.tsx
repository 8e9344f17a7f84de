import { type Address, readAddress } from '../../api/accounts';
import { Field } from '../../parts/Field';
import { t } from '../../text/t';
import { mistake } from './useForm';

interface AddressFieldProps { value: string; onChange: (text: string) => void; errors: Readonly<Record<string, string[]>> }

/** One field for both: people know which of the two they gave. */
export function AddressField({ value, onChange, errors }: AddressFieldProps) {
  return (
    <Field
      label={t('field.address')} name="address" autoComplete="username" inputMode="email" autoCapitalize="none" spellCheck={false} maxLength={254} required
      hint={t('field.addressHint')} value={value} errors={errors.address ?? errors.email ?? errors.phone} onChange={(event) => onChange(event.target.value)}
    />
  );
}

/** @throws Problem where it is neither an address nor a number. */
export function addressOf(text: string): Address {
  const address = readAddress(text);
  if (address === null) throw mistake({ address: t('field.addressWrong') })!;
  return address;
}

/** @throws Problem where it is not six digits. */
export function codeOf(text: string): string {
  if (text.replace(/[\s-]/g, '').length !== 6) throw mistake({ code: t('field.codeWrong') })!;
  return text;
}
