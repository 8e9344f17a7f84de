import { useId, type InputHTMLAttributes } from 'react';
import { CircleAlert } from 'lucide-react';
import './Field.css';

interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'id'> {
  label: string;
  hint?: string;
  errors?: string[] | undefined;
}

/** A labelled input; what is wrong stands beside it, and what was typed stays. */
export function Field({ label, hint, errors = [], ...input }: FieldProps) {
  const id = useId();
  const wrong = errors.length > 0;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} {...input} aria-invalid={wrong} aria-describedby={`${id}-hint ${id}-error`} />
      <p id={`${id}-hint`} className="field-hint" hidden={hint === undefined || wrong}>{hint}</p>
      <div id={`${id}-error`} className="field-error" role="alert">
        {errors.map((error) => <p key={error}><CircleAlert size={16} aria-hidden="true" /> {error}</p>)}
      </div>
    </div>
  );
}
