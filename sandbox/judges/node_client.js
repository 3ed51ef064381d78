// Reads statements with node-oracledb (thin) and prints what it found, one line of JSON each.
// In on stdin: {module, user, password, dsn, statements}; out: {rows} or {error}.
const fs = require('fs');
const asked = JSON.parse(fs.readFileSync(0, 'utf8'));
const oracledb = require(asked.module);

const numbersAsText = (column) =>
  column.dbType === oracledb.DB_TYPE_NUMBER ? { type: oracledb.STRING } : undefined;

async function plain(value) {
  if (value === null || value === undefined) return null;
  if (typeof value.getData === 'function') return plain(await value.getData());
  if (Buffer.isBuffer(value)) return value.toString('hex');
  return value;
}

async function main() {
  const { user, password, dsn } = asked;
  const connection = await oracledb.getConnection({ user, password, connectString: dsn });
  for (const statement of asked.statements) {
    try {
      const result = await connection.execute(statement, [], { fetchTypeHandler: numbersAsText });
      const rows = [];
      for (const row of result.rows) rows.push(await Promise.all(row.map(plain)));
      console.log(JSON.stringify({ rows }));
    } catch (error) {
      console.log(JSON.stringify({ error: error.message }));
    }
  }
  await connection.close();
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
