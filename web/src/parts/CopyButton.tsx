import { useState } from 'react';
import { Check, Copy } from 'lucide-react';
import { t } from '../text/t';
import { Button } from './Button';

/** Puts a link where it can be pasted from; where the browser does not let it, whoever stands there is told to do it by hand. */
export function CopyButton({ text, look = 'plain' }: { text: string; look?: 'primary' | 'plain' }) {
  const [copied, setCopied] = useState<boolean | null>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      setCopied(false);
    }
  };
  return (
    <>
      <Button look={look} wide icon={copied === true ? <Check size={20} aria-hidden="true" /> : <Copy size={20} aria-hidden="true" />} onClick={() => void copy()}>{copied === true ? t('share.copied') : t('share.copy')}</Button>
      <p className="small" role="status" hidden={copied !== false}>{copied === false ? t('share.byHand') : ''}</p>
    </>
  );
}
