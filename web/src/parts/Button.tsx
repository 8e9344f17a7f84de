import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Link } from '../app/Link';
import './Button.css';

type Look = 'primary' | 'plain' | 'text' | 'fault';

interface Common { look?: Look; wide?: boolean; icon?: ReactNode; children: ReactNode }
type ButtonProps = Common & Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'children'> & { busy?: boolean };

export function Button({ look = 'plain', wide = false, icon, busy = false, children, className = '', type = 'button', onClick, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className={`button ${look} ${wide ? 'wide' : ''} ${className}`}
      aria-busy={busy}
      // Busy is not "disabled": the focus stays where it was, and a second press does nothing.
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {busy ? <span className="spinner" aria-hidden="true" /> : icon}
      <span>{children}</span>
    </button>
  );
}

export function ButtonLink({ look = 'plain', wide = false, icon, children, href }: Common & { href: string }) {
  return (
    <Link href={href} className={`button ${look} ${wide ? 'wide' : ''}`}>
      {icon}
      <span>{children}</span>
    </Link>
  );
}
