FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Dependencies first, without the scripts of this package: a change of the code does not fetch them anew.
RUN npm ci --ignore-scripts && npm rebuild
COPY tsconfig*.json ./
COPY prisma prisma
COPY scripts scripts
COPY src src
RUN npm run -s prepare
# What is left out is tried here: a command loads every module that the service loads.
RUN npm prune --omit=dev --ignore-scripts && node scripts/slim-node-modules.mjs && node dist/cli/main.js --help > /dev/null

FROM node:24-bookworm-slim
ENV NODE_ENV=production DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY prisma prisma
COPY docs docs
COPY scripts/healthcheck.mjs scripts/healthcheck.mjs
RUN mkdir /data && chown node:node /data
# For the embedded Postgres, where DATABASE_URL is not set, and for the spool of the receiver.
VOLUME /data
USER node
EXPOSE 8080 8081 8082
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "scripts/healthcheck.mjs"]
CMD ["node", "dist/main.js"]
