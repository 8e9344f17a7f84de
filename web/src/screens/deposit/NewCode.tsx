import { useState } from 'react';
import { deposits } from '../../api/deposits';
import { Button } from '../../parts/Button';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import { usePerson } from '../../session/useSession';
import { AddressField, addressOf } from '../entry/AddressField';
import { useForm } from '../entry/useForm';

/** Another code for whoever knows where the first one was sent; the answer is the same for everybody. */
export function NewCode({ lockerId }: { lockerId: string }) {
  const { form, busy, problem, errors, submit } = useForm();
  const [address, setAddress] = useState('');
  const [sent, setSent] = useState(false);
  // Who is signed in has proven their addresses: the code goes there, and nothing is typed.
  const signedIn = usePerson() !== null;
  const deed = async (): Promise<void> => {
    setSent(false);
    await deposits.newCode(lockerId, signedIn && address === '' ? null : addressOf(address));
    setSent(true);
  };
  return (
    <section className="panel send-part" aria-labelledby="new-code">
      <h2 id="new-code">{t('collect.lost')}</h2>
      <p className="small quiet">{signedIn ? t('waiting.newCode') : t('collect.lostText')}</p>
      <form ref={form} className="stack" noValidate onSubmit={submit(deed)}>
        {!signedIn && <AddressField value={address} onChange={setAddress} errors={errors} />}
        {problem !== null && errors['address'] === undefined && errors['email'] === undefined && errors['phone'] === undefined && <Trouble problem={problem} />}
        <Button type="submit" wide busy={busy}>{t('collect.newCode')}</Button>
        <p className="small" role="status">{sent ? t('collect.sent') : ''}</p>
      </form>
    </section>
  );
}
