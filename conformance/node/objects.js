// Calls the object functions of the official Node SDK of COS, which knows nothing of the emulator but
// a proxy and a CA. Prints a line for each: its name, and pass, or what it got instead.
'use strict';

const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const COS = require('cos-nodejs-sdk-v5');

const cos = new COS({
  SecretId: process.env.COS_SECRETID,
  SecretKey: process.env.COS_SECRETKEY,
  Proxy: process.env.PROXY,
  Protocol: 'https:',
});
const place = { Bucket: 'node-1250000000', Region: 'ap-guangzhou' };
const versions = { Bucket: 'versions-1250000000', Region: 'ap-guangzhou' };
const host = `${place.Bucket}.cos.${place.Region}.myqcloud.com`;
const body = 'cosemu '.repeat(100);
const file = 'large.bin';
fs.writeFileSync(file, crypto.randomBytes(5 << 20));

const call = (name, params = {}, at = place) => cos[name]({ ...at, ...params });
const put = (Key, params = {}, at = place) => call('putObject', { Key, Body: body, ...params }, at);
const head = (Key, params = {}, at = place) => call('headObject', { Key, ...params }, at);
const read = async (Key, params = {}, at = place) =>
  (await call('getObject', { Key, ...params }, at)).Body.toString();
const source = (key) => `${host}/${key}`;
const md5 = (data, encoding) => crypto.createHash('md5').update(data).digest(encoding);

const key = crypto.randomBytes(32);
const customer = {
  SSECustomerAlgorithm: 'AES256',
  SSECustomerKey: key.toString('base64'),
  SSECustomerKeyMD5: md5(key, 'base64'),
};

// refused expects an error of COS.
async function refused(status, code, promise) {
  try {
    await promise;
  } catch (error) {
    assert.strictEqual(error.statusCode, status);
    if (code) assert.strictEqual(error.code, code);
    return;
  }
  assert.fail(`accepted, want ${status} ${code}`);
}

// upload initiates an upload and sends a part.
async function upload(Key, params = {}, part = {}) {
  const { UploadId } = await call('multipartInit', { Key, ...params });
  const { ETag } = await call('multipartUpload', {
    Key, UploadId, PartNumber: 1, Body: body, ContentLength: body.length, ...part,
  });
  return { Key, UploadId, Parts: [{ PartNumber: 1, ETag }] };
}

const calls = {
  putObject: async () => {
    const answer = await put('put');
    assert.strictEqual(answer.ETag, `"${md5(body, 'hex')}"`);
  },
  'putObject, stream': async () => {
    await put('stream', { Body: fs.createReadStream(file), ContentLength: 5 << 20 });
    assert.strictEqual((await head('stream')).headers['content-length'], String(5 << 20));
  },
  'putObject, empty': async () => {
    await put('empty', { Body: '' });
    assert.strictEqual(await read('empty'), '');
  },
  'putObject, headers and metadata': async () => {
    await put('meta', { CacheControl: 'no-cache', ContentType: 'text/x', 'x-cos-meta-team': 'finance' });
    const { headers } = await head('meta');
    assert.strictEqual(headers['cache-control'], 'no-cache');
    assert.strictEqual(headers['content-type'], 'text/x');
    assert.strictEqual(headers['x-cos-meta-team'], 'finance');
  },
  'putObject, type by extension': async () => {
    for (const [name, type] of [['1.zip', 'application/zip'], ['1.txt', 'text/plain'],
      ['1', 'application/octet-stream']]) {
      await put(name);
      assert.strictEqual((await head(name)).headers['content-type'], type);
    }
  },
  'putObject, name of all characters': async () => {
    const name = 'a b/中文/!"#$&\'()*+,-.:;<=>?@[]^_`{|}~%20';
    await put(name);
    assert.strictEqual(await read(name), body);
  },
  'putObject, class': async () => {
    await put('class', { StorageClass: 'STANDARD_IA' });
    assert.strictEqual((await head('class')).headers['x-cos-storage-class'], 'STANDARD_IA');
  },
  'putObject, Content-MD5': () =>
    refused(400, 'BadDigest', put('digest', { ContentMD5: md5('another', 'base64') })),
  'putObject, SSE-COS': async () => {
    await put('sse-cos', { ServerSideEncryption: 'AES256' });
    assert.strictEqual((await head('sse-cos')).headers['x-cos-server-side-encryption'], 'AES256');
  },
  'putObject, SSE-KMS': async () => {
    await put('sse-kms', { ServerSideEncryption: 'cos/kms' });
    const { headers } = await head('sse-kms');
    assert.strictEqual(headers['x-cos-server-side-encryption'], 'cos/kms');
    assert.ok(headers['x-cos-server-side-encryption-cos-kms-key-id']);
  },
  'putObject, SSE-C': async () => {
    await put('sse-c', customer);
    assert.strictEqual(await read('sse-c', customer), body);
    await refused(400, 'SsecDecryptHeaderInvalid', call('getObject', { Key: 'sse-c' }));
    await refused(400, '', head('sse-c'));
  },
  'putObject, missing bucket': () =>
    refused(404, 'NoSuchBucket', put('a', {}, { ...place, Bucket: 'missing-1250000000' })),
  headObject: async () => {
    await put('head');
    assert.strictEqual((await head('head')).statusCode, 200);
    await refused(404, '', head('missing'));
  },
  'headObject, not modified': async () => {
    const { ETag } = await put('unchanged');
    await refused(304, '', head('unchanged', { IfNoneMatch: ETag }));
  },
  getObject: async () => {
    await put('get');
    assert.strictEqual(await read('get'), body);
    await refused(404, 'NoSuchKey', call('getObject', { Key: 'missing' }));
  },
  'getObject, range': async () => {
    await put('range');
    const answer = await call('getObject', { Key: 'range', Range: 'bytes=0-5' });
    assert.strictEqual(answer.statusCode, 206);
    assert.strictEqual(answer.Body.toString(), 'cosemu');
  },
  'getObject, stream': async () => {
    await put('streamed');
    const Output = fs.createWriteStream('streamed');
    await call('getObject', { Key: 'streamed', Output });
    assert.strictEqual(fs.readFileSync('streamed', 'utf8'), body);
  },
  getObjectStream: async () => {
    await put('streamed');
    let got = '';
    await new Promise((resolve, reject) => {
      cos.getObjectStream({ ...place, Key: 'streamed' }, (error) => (error ? reject(error) : 0))
        .on('data', (data) => { got += data; }).on('end', resolve).on('error', reject);
    });
    assert.strictEqual(got, body);
  },
  downloadFile: async () => {
    await call('putObject', { Key: 'large', Body: fs.readFileSync(file) });
    await call('downloadFile', { Key: 'large', FilePath: 'downloaded', ChunkSize: 1 << 20 });
    assert.ok(fs.readFileSync('downloaded').equals(fs.readFileSync(file)));
  },
  deleteObject: async () => {
    await put('delete');
    assert.strictEqual((await call('deleteObject', { Key: 'delete' })).statusCode, 204);
    await refused(404, '', head('delete'));
    assert.strictEqual((await call('deleteObject', { Key: 'delete' })).statusCode, 204);
  },
  deleteMultipleObject: async () => {
    await put('many/1');
    await put('many/2');
    const Objects = [{ Key: 'many/1' }, { Key: 'many/2' }, { Key: 'many/missing' }];
    const answer = await call('deleteMultipleObject', { Objects });
    assert.strictEqual(answer.Deleted.length, 3);
    await refused(404, '', head('many/1'));
  },
  getBucket: async () => {
    await put('list/1');
    await put('list/sub/2');
    const answer = await call('getBucket', { Prefix: 'list/', Delimiter: '/' });
    assert.deepStrictEqual(answer.Contents.map((o) => o.Key), ['list/1']);
    assert.deepStrictEqual(answer.CommonPrefixes.map((p) => p.Prefix), ['list/sub/']);
  },
  'getBucket, pages': async () => {
    for (const n of [1, 2, 3]) await put(`page/${n}`);
    const first = await call('getBucket', { Prefix: 'page/', MaxKeys: 2 });
    assert.strictEqual(first.IsTruncated, 'true');
    const rest = await call('getBucket', { Prefix: 'page/', Marker: first.NextMarker });
    assert.deepStrictEqual(rest.Contents.map((o) => o.Key), ['page/3']);
  },
  listObjectVersions: async () => {
    await put('versions', {}, versions);
    await put('versions', {}, versions);
    await call('deleteObject', { Key: 'versions' }, versions);
    const answer = await call('listObjectVersions', { Prefix: 'versions' }, versions);
    assert.strictEqual(answer.Versions.length, 2);
    assert.strictEqual(answer.DeleteMarkers.length, 1);
    const VersionId = answer.Versions[1].VersionId;
    assert.strictEqual(await read('versions', { VersionId }, versions), body);
  },
  putObjectAcl: async () => {
    await put('acl');
    await call('putObjectAcl', { Key: 'acl', ACL: 'public-read' });
    assert.strictEqual((await call('getObjectAcl', { Key: 'acl' })).ACL, 'public-read');
  },
  'putObjectAcl, grants': async () => {
    await put('grants');
    const GrantRead = 'id="qcs::cam::uin/1001:uin/1001",id="qcs::cam::uin/1002:uin/1002"';
    await call('putObjectAcl', { Key: 'grants', GrantRead });
    assert.strictEqual((await call('getObjectAcl', { Key: 'grants' })).GrantRead, GrantRead);
  },
  'putObjectAcl, document': async () => {
    await put('policy');
    const AccessControlPolicy = {
      Owner: { ID: 'qcs::cam::uin/10001:uin/10001' },
      Grants: [{ Grantee: { ID: 'qcs::cam::uin/10002:uin/10002' }, Permission: 'READ' }],
    };
    await call('putObjectAcl', { Key: 'policy', AccessControlPolicy });
    const { Grants } = await call('getObjectAcl', { Key: 'policy' });
    assert.strictEqual(Grants.length, 1);
    assert.strictEqual(Grants[0].Permission, 'READ');
  },
  putObjectTagging: async () => {
    await put('tags');
    const Tags = [{ Key: 'k1', Value: 'v1' }, { Key: 'k2', Value: 'v2' }];
    await call('putObjectTagging', { Key: 'tags', Tags });
    assert.deepStrictEqual((await call('getObjectTagging', { Key: 'tags' })).Tags, Tags);
    assert.strictEqual((await head('tags')).headers['x-cos-tagging-count'], '2');
    await call('deleteObjectTagging', { Key: 'tags' });
    assert.deepStrictEqual((await call('getObjectTagging', { Key: 'tags' })).Tags, []);
  },
  putObjectCopy: async () => {
    await put('copied', { 'x-cos-meta-team': 'finance' });
    await call('putObjectCopy', { Key: 'copy', CopySource: source('copied') });
    assert.strictEqual((await head('copy')).headers['x-cos-meta-team'], 'finance');
    assert.strictEqual(await read('copy'), body);
  },
  'putObjectCopy, replaced': async () => {
    await put('replaced', { 'x-cos-meta-team': 'finance' });
    await call('putObjectCopy', {
      Key: 'replaced', CopySource: source('replaced'), MetadataDirective: 'Replaced',
      ServerSideEncryption: 'AES256', 'x-cos-meta-team': 'sales',
    });
    const { headers } = await head('replaced');
    assert.strictEqual(headers['x-cos-meta-team'], 'sales');
    assert.strictEqual(headers['x-cos-server-side-encryption'], 'AES256');
  },
  'putObjectCopy, SSE-C': async () => {
    await put('keyed', customer);
    await call('putObjectCopy', {
      Key: 'unkeyed', CopySource: source('keyed'),
      Headers: Object.fromEntries([
        ['algorithm', customer.SSECustomerAlgorithm], ['key', customer.SSECustomerKey],
        ['key-MD5', customer.SSECustomerKeyMD5],
      ].map(([name, value]) => [`x-cos-copy-source-server-side-encryption-customer-${name}`, value])),
    });
    assert.strictEqual(await read('unkeyed'), body);
  },
  sliceCopyFile: async () => {
    await call('putObject', { Key: 'large', Body: fs.readFileSync(file) });
    await call('sliceCopyFile', {
      Key: 'sliced', CopySource: source('large'), SliceSize: 1 << 20, ChunkSize: 2 << 20, CopySliceSize: 1 << 20,
      CopyChunkSize: 2 << 20,
    });
    assert.strictEqual((await head('sliced')).headers['content-length'], String(5 << 20));
  },
  multipartUpload: async () => {
    const { Key, UploadId, Parts } = await upload('parts');
    await call('multipartComplete', { Key, UploadId, Parts });
    assert.strictEqual(await read('parts'), body);
  },
  'multipartUpload, SSE-COS on the part too': async () => {
    const encryption = { ServerSideEncryption: 'AES256' };
    const { Key, UploadId, Parts } = await upload('parts-sse', encryption, encryption);
    await call('multipartComplete', { Key, UploadId, Parts });
    assert.strictEqual((await head('parts-sse')).headers['x-cos-server-side-encryption'], 'AES256');
  },
  'multipartUpload, SSE-C': async () => {
    const { Key, UploadId, Parts } = await upload('parts-key', customer, customer);
    await call('multipartComplete', { Key, UploadId, Parts });
    assert.strictEqual(await read('parts-key', customer), body);
  },
  multipartUploadCopy: async () => {
    await put('part-source');
    const { UploadId } = await call('multipartInit', { Key: 'part-copy' });
    const part = await call('uploadPartCopy', {
      Key: 'part-copy', UploadId, PartNumber: 1, CopySource: source('part-source'),
    });
    await call('multipartComplete', {
      Key: 'part-copy', UploadId, Parts: [{ PartNumber: 1, ETag: part.ETag }],
    });
    assert.strictEqual(await read('part-copy'), body);
  },
  multipartList: async () => {
    const { UploadId } = await upload('listed');
    const answer = await call('multipartList', { Prefix: 'listed' });
    assert.deepStrictEqual(answer.Upload.map((u) => u.UploadId), [UploadId]);
  },
  multipartListPart: async () => {
    const { Key, UploadId } = await upload('listed-parts');
    const answer = await call('multipartListPart', { Key, UploadId });
    assert.deepStrictEqual(answer.Part.map((p) => p.PartNumber), ['1']);
  },
  multipartAbort: async () => {
    const { Key, UploadId } = await upload('aborted');
    await call('multipartAbort', { Key, UploadId });
    await refused(404, 'NoSuchUpload', call('multipartListPart', { Key, UploadId }));
  },
  abortUploadTask: async () => {
    await upload('task');
    await call('abortUploadTask', { Key: 'task', Level: 'file' });
    const answer = await call('multipartList', { Prefix: 'task' });
    assert.deepStrictEqual(answer.Upload, []);
  },
  sliceUploadFile: async () => {
    await call('sliceUploadFile', { Key: 'slices', FilePath: file, ChunkSize: 1 << 20 });
    const { Body } = await call('getObject', { Key: 'slices' });
    assert.ok(Body.equals(fs.readFileSync(file)));
  },
  'sliceUploadFile, SSE-COS': async () => {
    await call('sliceUploadFile', {
      Key: 'slices-sse', FilePath: file, ChunkSize: 1 << 20, ServerSideEncryption: 'AES256',
    });
    assert.strictEqual((await head('slices-sse')).headers['x-cos-server-side-encryption'], 'AES256');
  },
  uploadFile: async () => {
    await call('uploadFile', { Key: 'uploaded', FilePath: file, SliceSize: 1 << 20 });
    assert.strictEqual((await head('uploaded')).headers['content-length'], String(5 << 20));
  },
  uploadFiles: async () => {
    const files = ['files/1', 'files/2'].map((Key) => ({ ...place, Key, FilePath: file }));
    const answer = await cos.uploadFiles({ files, SliceSize: 10 << 20 });
    assert.ok(answer.files.every((f) => !f.error), JSON.stringify(answer.files));
  },
  restoreObject: async () => {
    await put('archive', { StorageClass: 'ARCHIVE' });
    const RestoreRequest = { Days: 1, CASJobParameters: { Tier: 'Expedited' } };
    const answer = await call('restoreObject', { Key: 'archive', RestoreRequest });
    assert.strictEqual(answer.statusCode, 202);
  },
  getObjectUrl: async () => {
    await put('signed');
    const url = cos.getObjectUrl({ ...place, Key: 'signed', Sign: true });
    assert.strictEqual(await fetched(url), body);
  },
  getService: async () => {
    const { Buckets } = await cos.getService({ Region: place.Region });
    assert.deepStrictEqual(Buckets.map((b) => b.Name), [place.Bucket, versions.Bucket]);
  },
  'putBucket, deleteBucket': async () => {
    const at = { ...place, Bucket: 'fresh-1250000000' };
    await call('putBucket', {}, at);
    await call('headBucket', {}, at);
    await call('deleteBucket', {}, at);
    await refused(404, '', call('headBucket', {}, at));
  },
  putBucketVersioning: async () => {
    const at = { ...place, Bucket: 'fresh-1250000000' };
    await call('putBucket', {}, at);
    await call('putBucketVersioning', { VersioningConfiguration: { Status: 'Enabled' } }, at);
    const answer = await call('getBucketVersioning', {}, at);
    assert.strictEqual(answer.VersioningConfiguration.Status, 'Enabled');
    await call('deleteBucket', {}, at);
  },
  putBucketEncryption: async () => {
    await call('putBucketEncryption', {
      ServerSideEncryptionConfiguration: {
        Rule: [{ ApplySideEncryptionConfiguration: { SSEAlgorithm: 'AES256' } }],
      },
    });
    // The SDK's own result looks for another root element; the document is beside it.
    const { Rule } = (await call('getBucketEncryption')).ServerSideEncryptionConfiguration;
    assert.strictEqual(Rule.ApplyServerSideEncryptionByDefault.SSEAlgorithm, 'AES256');
    await put('by-default');
    assert.strictEqual((await head('by-default')).headers['x-cos-server-side-encryption'], 'AES256');
    await call('deleteBucketEncryption');
  },
  appendObject: () => call('appendObject', { Key: 'append', Body: body, Position: 0 }),
  optionsObject: () => call('optionsObject', {
    Key: 'put', Origin: 'https://example.com', AccessControlRequestMethod: 'GET',
    AccessControlRequestHeaders: '',
  }),
  selectObjectContent: async () => {
    await put('table.csv', { Body: 'a,b\n1,2\n' });
    await call('selectObjectContent', {
      Key: 'table.csv', SelectType: 2,
      SelectRequest: {
        Expression: 'Select * from COSObject', ExpressionType: 'SQL',
        InputSerialization: { CSV: { FileHeaderInfo: 'USE' } }, OutputSerialization: { CSV: {} },
      },
    });
  },
};

// fetched reads a URL through the proxy and the SDK's own HTTP client.
function fetched(url) {
  const request = require('cos-request');
  return new Promise((resolve, reject) => {
    request({ url, proxy: process.env.PROXY }, (error, response, text) => {
      if (error) reject(error);
      else resolve(text);
    });
  });
}

// result is pass, or the status and code that COS answered, or what the script did not expect.
async function result(run) {
  try {
    await run();
    return 'pass';
  } catch (error) {
    if (error.statusCode) return `${error.statusCode}-${error.code}`;
    return `unexpected ${String(error.message || error).replace(/\s+/g, ' ').slice(0, 200)}`;
  }
}

(async () => {
  for (const [name, run] of Object.entries(calls)) {
    console.log(`${name}: ${await result(run)}`);
  }
})();
