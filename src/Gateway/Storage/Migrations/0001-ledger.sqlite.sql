insert into ledger (id, epoch, high_water) values (1, randomblob(16), 0);
