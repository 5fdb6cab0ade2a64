import { errorCode, readListing } from '../../../src/buckets/read-listing.js';

function page(contents: string, told = '<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>'): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>${told}${contents}</ListBucketResult>`;
}

function entry(key: string, size = '7'): string {
  return `<Contents><Key>${key}</Key><LastModified>2026-01-01T10:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>${size}</Size></Contents>`;
}

describe('a page of a listing', () => {
  it('is read with its entries, and with how to ask for the next', () => {
    const told = '<IsTruncated>true</IsTruncated><NextContinuationToken>t/1==</NextContinuationToken>';
    expect(readListing(page(entry('a') + entry('b'), told))).toEqual({
      kind: 'page',
      entries: ['a', 'b'].map((key) => ({ key, size: 7, modifiedMs: Date.UTC(2026, 0, 1, 10) })),
      next: 't/1==',
    });
    expect(readListing(page(''))).toEqual({ kind: 'page', entries: [], next: null });
  });

  it('holds a thousand entries, each with entities of its own', () => {
    const entries = Array.from({ length: 1_000 }, (_, n) => entry(`a&amp;b${String(n)}`)).join('');
    const read = readListing(page(entries, '<IsTruncated>false</IsTruncated>'));
    expect(read?.entries).toHaveLength(1_000);
    expect(read?.entries[999]?.key).toBe('a&b999');
  });

  it.each([
    ['a%20b%26c%2Fd', 'a b&c/d'],
    ['a+b', 'a b'],
    ['a%2Bb', 'a+b'],
    ['%C3%BC%0D%01', 'ü\r\u0001'],
    ['100%', '100%'],
    ['0012', '0012'],
    ['1e3', '1e3'],
    ['__proto__', '__proto__'],
  ])('has the name that is written as %s', (written, key) => {
    expect(readListing(page(entry(written)))?.entries).toMatchObject([{ key }]);
  });

  it('has names as they are where the store does not encode them, blanks at their ends too', () => {
    const read = readListing(page(entry(' a+b%20 '), '<IsTruncated>false</IsTruncated>'));
    expect(read?.entries).toMatchObject([{ key: ' a+b%20 ' }]);
  });

  it.each([
    ['', 'nothing'],
    ['<html><body>Sign in</body></html>', 'another page'],
    ['<ListBucketResult><Contents>', 'half a page'],
    [page(entry('a', 'many')), 'a size that is no number'],
    [page(entry('a'), '<IsTruncated>true</IsTruncated>'), 'a page that goes on, and does not say where'],
  ])('is none where it is %j', (xml) => {
    expect(readListing(xml)).toBeNull();
  });

  it('expands no entity that the page itself declares', () => {
    const bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>';
    expect(JSON.stringify(readListing(page(entry('&b;')).replace('<ListBucket', `${bomb}<ListBucket`)))).not.toContain(
      'aaaa',
    );
  });
});

test('the code of an error is read, and missing where there is none', () => {
  expect(errorCode('<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>No</Message></Error>')).toBe(
    'AccessDenied',
  );
  expect(errorCode('Forbidden')).toBeNull();
});
