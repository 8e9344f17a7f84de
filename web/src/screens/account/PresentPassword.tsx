import { useState } from 'react';
import { asProblem, type Problem } from '../../api/problem';
import { Field } from '../../parts/Field';
import { t } from '../../text/t';

/** Some deeds want to know that it is still the person: the server says so, and only then is it asked. */
export function usePresence(hasPassword: boolean) {
  const [asked, setAsked] = useState(false);
  const [password, setPassword] = useState('');

  return {
    present: password === '' ? null : password,
    /** Runs a deed; a server that wants the password makes the field appear. */
    proven: async <T,>(deed: () => Promise<T>): Promise<T> => {
      try {
        return await deed();
      } catch (error) {
        const problem: Problem = asProblem(error);
        if (problem.code === 'prove-yourself') setAsked(hasPassword);
        throw problem;
      }
    },
    field: (errors: string[] | undefined) => asked && (
      <Field
        label={t('field.presentPassword')} name="presentPassword" type="password" autoComplete="current-password" maxLength={128} hint={t('account.proveText')}
        value={password} errors={errors} onChange={(event) => setPassword(event.target.value)}
      />
    ),
  };
}
