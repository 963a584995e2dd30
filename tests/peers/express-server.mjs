// The same webhook as a Node project has it: Express, and Twilio's middleware for signatures. For
// tests/full.sh bench-webhook.
//
//   node express-server.mjs TOKEN        prints its port, and serves until it is killed
process.env.NODE_ENV = 'production';
const { default: express } = await import('express');
const { default: twilio } = await import('twilio');

const app = express();
app.disable('x-powered-by');
app.use(express.urlencoded({ extended: false }));
app.post('/call-status', twilio.webhook(process.argv[2], { protocol: 'https' }),
         (request, response) => response.status(204).end());
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
